"""Draws the gas of an output face-on and edge-on: copy it and change it.

    PV_PLUGIN_PATH=build/lib/paraview-5.11/plugins pvpython \\
        plugin/paraview/python/face_on_edge_on.py OUTPUT FOLDER [WIDTH [X Y Z]]

Width and center are in kpc; the center is the densest cell unless it is given.
"""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from paraview.simple import *

import pvramses_map as rm
import pvramses_view as rv

output, folder = sys.argv[1].rstrip("/"), sys.argv[2]
width = float(sys.argv[3]) if len(sys.argv) > 3 else 1000.0
number = output[-5:]

gas = RAMSESReader(FileName=os.path.join(output, "info_%s.txt" % number))
gas.CellArrayStatus = ["density", "velocity"]
gas.FieldUnits, gas.LengthUnit = "astro", "kpc"
gas.Precision = "double"
rv.go_to_output(gas, int(number))

center = [float(x) for x in sys.argv[4:7]] or rv.peak(gas)
os.makedirs(folder, exist_ok=True)
for direction in ("face-on", "edge-on"):
    gas_map = AMRProjection(Input=gas, Direction=direction, Resolution=1000)
    gas_map.Center = center
    gas_map.Width = gas_map.Depth = width
    gas_map.SpinRadius = 0.15 * width  # of the gas whose turning says what is face-on
    rm.show_map(gas_map, png=os.path.join(folder, direction.replace("-", "_") + ".png"))
