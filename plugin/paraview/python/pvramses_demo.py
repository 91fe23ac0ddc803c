"""pvramses_demo - two pictures of a RAMSES output, made off screen.

    PV_PLUGIN_PATH=<folder with RAMSES/RAMSES.so> pvpython pvramses_demo.py INFO_FILE OUT_DIR

Writes OUT_DIR/slice_log_density.png and OUT_DIR/view_3d.png, says where they are and how well the
processor cores were used. Ends with status 1 if that did not work.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def main(arguments):
    if len(arguments) != 3:
        print(__doc__.strip())
        return 2
    info, folder = arguments[1], arguments[2]
    from paraview import simple
    import pvramses_view as view
    if not hasattr(simple, "RAMSESReader"):
        print("The plugin RAMSES is not loaded: set PV_PLUGIN_PATH to the folder that holds "
              "RAMSES/RAMSES.so.")
        return 1
    os.makedirs(folder, exist_ok=True)
    reader = simple.RAMSESReader(FileName=info)
    reader.LengthUnit = "Mpc"
    reader.FieldUnits = "astro"
    try:
        view.go_to_output(reader)
    except RuntimeError as why:
        print("pvramses_demo:", why)
        return 1
    if view.bounds(reader)[1] < 0.5:  # a unit in which the size of the box is a number of 1 or more
        for length in ("kpc", "pc", "AU", "code"):
            reader.LengthUnit = length
            view.go_to_output(reader)
            if view.bounds(reader)[1] >= 0.5:
                break
        else:
            reader.FieldUnits = "code"  # a test problem without physical units
            view.go_to_output(reader)
    report = view.thread_report(reader)

    pictures = [("slice_log_density.png", view.log_slice)]
    if view.bounds(reader)[5] > 0:
        pictures.append(("view_3d.png", view.view_3d))
    failed = False
    for name, draw in pictures:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            os.remove(path)
        picture = draw(reader, "density", png=path)
        simple.Delete(picture)
        if os.path.isfile(path):
            print("picture:", os.path.abspath(path))
        else:
            failed = True
            print("pvramses_demo: %s was not written" % path)
    print()
    print(report)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
