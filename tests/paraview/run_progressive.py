"""Runs gui_progressive.py in ParaView's GUI on a virtual screen, with a slow disk.

    run_progressive.py PARAVIEW XVFB_RUN SLOW_READ.so OUTPUT MB_PER_SECOND FOLDER [PVSERVER]

SLOW_READ.so is tests/unit/slow_read.c as a library. With PVSERVER the data is on a server.
"""

import os
import signal
import socket
import subprocess
import sys
import time

import run_gui


def start_server(pvserver, xvfb_run, slow, environment, folder):
    """A server that listens; returns it and its url."""
    with socket.socket() as free:
        free.bind(("", 0))
        port = free.getsockname()[1]
    log = open(os.path.join(folder, "server.log"), "w+")
    server = subprocess.Popen(
        [xvfb_run, "-a", "-n", str(300 + os.getpid() % 20000), "-s", "-screen 0 800x800x24 -noreset"] + slow +
        [pvserver, "--server-port=%d" % port], env=environment, stdout=log,
        stderr=subprocess.STDOUT, start_new_session=True)
    while server.poll() is None and "Connection URL" not in open(log.name).read():
        time.sleep(0.1)
    return server, "cs://localhost:%d" % port


def end_server(server):
    """It ends when its client has gone; if not, it is ended (SIGTERM may hang in 5.11's logging)."""
    try:
        server.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        raise


def main(paraview, xvfb_run, library, output, rate, folder, pvserver=None):
    environment, verdict = run_gui.settings(folder)
    environment.update(PVRAMSES_GUI_OUTPUT=output, PVRAMSES_GUI_FOLDER=folder,
                       PVR_SLOW_READ_MB=rate, PVR_SLOW_READ_PATH="/output_")
    slow = ["env", "LD_PRELOAD=" + library]
    there, server = [], None
    if pvserver:
        server, url = start_server(pvserver, xvfb_run, slow, environment, folder)
        there, slow = ["--server-url=" + url], []
    try:
        program = subprocess.run(
            [xvfb_run, "-a", "-n", str(200 + os.getpid() % 20000), "-s", "-screen 0 1400x1200x24 -noreset"] +
            slow + [paraview, "--dr"] + there +
            ["--script=" + os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                        "gui_progressive.py")],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=150)
    finally:
        if server:
            end_server(server)
    return run_gui.judge(program, verdict)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
