"""A macro for ParaView (Macros > Import new macro...): the selected AMR Projection looks along the
camera's line of sight, with the camera's up."""

from paraview.simple import *

projection, view = GetActiveSource(), GetActiveView()
if projection is None or projection.GetXMLName() != "AMRProjection":
    raise RuntimeError("select an AMR Projection in the pipeline browser first")
projection.LineOfSight = [
    position - focus for position, focus in zip(view.CameraPosition, view.CameraFocalPoint)
]
projection.Up = list(view.CameraViewUp)
projection.Direction = "custom"
Render()
