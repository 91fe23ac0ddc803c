"""Run by paraview --script: a slow output in the ParaView window, level by level.

The steps are taken by a timer of the view, so that the window lives on between them. What is seen
stands in the folder PVRAMSES_GUI_FOLDER: pictures of the view, and a table of the times at which
the GUI was free (steps.json). The verdict goes into the file PVRAMSES_GUI_VERDICT.
"""

import json
import os
import time
import traceback

from paraview import simple

OUTPUT = os.environ["PVRAMSES_GUI_OUTPUT"]
FOLDER = os.environ.get("PVRAMSES_GUI_FOLDER", "")
TICK = 20  # milliseconds


class Scene:
    """Takes a step whenever the timer runs; the steps are a generator that yields what to wait for."""

    def __init__(self):
        self.view = simple.GetActiveViewOrCreate("RenderView")
        self.begin = self.last = time.time()
        self.longest = 0.0  # that the GUI was not free
        self.free = []
        self.steps = self.run()
        self.wait = lambda: True
        interactor = self.view.GetInteractor()
        self.interactor = interactor
        interactor.AddObserver("TimerEvent", self.tick)
        interactor.CreateRepeatingTimer(TICK)

    def tick(self, *_):
        now = time.time()
        self.longest = max(self.longest, now - self.last)
        try:
            if self.wait():
                self.wait = next(self.steps)
        except StopIteration:
            self.end("gui: ok\n")
        except Exception:
            self.end(traceback.format_exc())
        self.last = time.time()

    def end(self, verdict):
        with open(os.environ["PVRAMSES_GUI_VERDICT"], "w") as file:
            file.write(verdict)
        os._exit(0)

    def seconds(self, seconds):
        until = time.time() + seconds
        return lambda: time.time() >= until

    def loaded(self):
        until = self.seconds(70)  # it takes a tenth of it
        return lambda: "all in" in self.report() or until()

    def cells(self):
        return self.reader.GetDataInformation().GetNumberOfCells()

    def report(self):
        """What the panel shows: it follows the loading by itself."""
        return self.reader.SMProxy.GetProperty("ThreadReport").GetElement(0)

    def note(self, name):
        """What is shown now, into the table; with a picture if a folder is named."""
        row = {"name": name, "seconds": time.time() - self.began, "cells": self.cells(),
               "longest": self.longest, "report": self.report().splitlines()[:2]}
        self.table.append(row)
        print(row, flush=True)
        if FOLDER:
            simple.SaveScreenshot(os.path.join(FOLDER, name + ".png"), self.view,
                                  ImageResolution=[700, 600])
            with open(os.path.join(FOLDER, "steps.json"), "w") as file:
                json.dump(self.table, file, indent=1)
        self.last = time.time()
        self.longest = 0.0

    def run(self):
        self.table = []
        self.reader = reader = simple.OpenDataFile(OUTPUT)
        yield self.seconds(0.5)
        reader.Progressive = 1
        self.began = self.last = time.time()
        display = simple.Show(reader, self.view)
        simple.ResetCamera(self.view)
        display.SetRepresentationType("Surface")
        simple.ColorBy(display, ("CELLS", "density"))
        simple.Render(self.view)
        first = self.cells()
        print("first picture", time.time() - self.began, first, flush=True)
        simple.GetActiveCamera().Azimuth(30)
        simple.GetActiveCamera().Elevation(20)
        position = list(self.view.CameraPosition)
        self.last = time.time()
        self.note("first")
        yield self.seconds(1.0)
        self.note("second")
        yield self.seconds(2.0)
        self.note("later")
        reader.CellArrayStatus = ["density", "pressure"]  # in the middle
        simple.Render(self.view)
        self.note("changed")
        yield self.loaded()
        self.note("end")
        assert "all in" in self.report(), self.report()
        assert self.cells() > first, "%d cells at last, %d at first" % (self.cells(), first)
        assert position == list(self.view.CameraPosition), "the camera moved"
        assert list(display.ColorArrayName) == ["CELLS", "density"], list(display.ColorArrayName)
        whole = self.cells()
        reader.Progressive = 0  # all at once gives the same
        reader.MaxLevel = 0
        reader.UpdatePipeline()
        assert self.cells() == whole
        reader.Progressive = 1
        if len(reader.TimestepValues) > 1:  # the next one: coarse at once, then finer
            simple.GetAnimationScene().GoToNext()
            self.note("next")
            assert self.cells() > 0
            yield self.loaded()
            assert "all in" in self.report(), self.report()
        # Deleted in the middle: all ends.
        reader.CellArrayStatus = ["density", "velocity", "pressure"]
        simple.Render(self.view)
        simple.Delete(reader)
        yield self.seconds(0.3)


scene = Scene()
