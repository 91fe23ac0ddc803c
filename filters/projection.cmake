# Maps and projections.
target_sources(pvramses PRIVATE
  filters/pvr_chord.c
  filters/pvr_chord_cut.c
  filters/pvr_map.c
  filters/pvr_map_labels.c
  filters/pvr_map_units.c
  filters/pvr_points.c
  filters/pvr_project_boxes.c
  filters/pvr_project_columns.c
  filters/pvr_project_engine.c
  filters/pvr_project_oblique.c
  filters/pvr_project_octree.c
  filters/pvr_project_octs.c
  filters/pvr_project_points.c
  filters/pvr_project_stream.c
  filters/pvr_project_values.c
  filters/pvr_spin.c
  filters/pvr_view.c)
# As for derived fields: without errno and traps, loops become vectors.
set_source_files_properties(
  filters/pvr_chord.c
  filters/pvr_map.c
  filters/pvr_project_columns.c
  filters/pvr_project_oblique.c
  filters/pvr_project_octs.c
  filters/pvr_project_values.c
  PROPERTIES COMPILE_OPTIONS "-fno-math-errno;-fno-trapping-math")
install(FILES filters/pvr_map.h filters/pvr_map_labels.h filters/pvr_map_units.h filters/pvr_projection.h filters/pvr_spin.h
  filters/pvr_view.h
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/pvramses)
