/* pvr_mera_types.h - the types of Mera.jl 1.9 that its files hold (internal).
 *
 * Their fields, in their order: src/types.jl of Mera.jl 1.9.0. All are mutable and none of their
 * fields need be defined: values are arrays of fields by these numbers, null where undefined.
 */
#ifndef PVR_MERA_TYPES_H
#define PVR_MERA_TYPES_H

#include "pvr_julia.h"

enum pvr_mera_info_field {
    PVR_MERA_I_OUTPUT,
    PVR_MERA_I_PATH,
    PVR_MERA_I_FNAMES,
    PVR_MERA_I_SIMCODE,
    PVR_MERA_I_MTIME,
    PVR_MERA_I_CTIME,
    PVR_MERA_I_NCPU,
    PVR_MERA_I_NDIM,
    PVR_MERA_I_LEVELMIN,
    PVR_MERA_I_LEVELMAX,
    PVR_MERA_I_BOXLEN,
    PVR_MERA_I_TIME,
    PVR_MERA_I_AEXP,
    PVR_MERA_I_H0,
    PVR_MERA_I_OMEGA_M,
    PVR_MERA_I_OMEGA_L,
    PVR_MERA_I_OMEGA_K,
    PVR_MERA_I_OMEGA_B,
    PVR_MERA_I_UNIT_L,
    PVR_MERA_I_UNIT_D,
    PVR_MERA_I_UNIT_M,
    PVR_MERA_I_UNIT_V,
    PVR_MERA_I_UNIT_T,
    PVR_MERA_I_GAMMA,
    PVR_MERA_I_HYDRO,
    PVR_MERA_I_NVARH,
    PVR_MERA_I_NVARP,
    PVR_MERA_I_NVARRT,
    PVR_MERA_I_VARIABLES,
    PVR_MERA_I_GRAVITY_VARIABLES,
    PVR_MERA_I_PARTICLE_VARIABLES,
    PVR_MERA_I_RT_VARIABLES,
    PVR_MERA_I_CLUMP_VARIABLES,
    PVR_MERA_I_SINK_VARIABLES,
    PVR_MERA_I_DESCRIPTOR,
    PVR_MERA_I_AMR,
    PVR_MERA_I_GRAVITY,
    PVR_MERA_I_PARTICLES,
    PVR_MERA_I_RT,
    PVR_MERA_I_CLUMPS,
    PVR_MERA_I_SINKS,
    PVR_MERA_I_NAMELIST,
    PVR_MERA_I_NAMELIST_CONTENT,
    PVR_MERA_I_HEADERFILE,
    PVR_MERA_I_MAKEFILE,
    PVR_MERA_I_FILES_CONTENT,
    PVR_MERA_I_TIMERFILE,
    PVR_MERA_I_COMPILATIONFILE,
    PVR_MERA_I_PATCHFILE,
    PVR_MERA_I_NARRAYSIZE,
    PVR_MERA_I_SCALE,
    PVR_MERA_I_GRID_INFO,
    PVR_MERA_I_PART_INFO,
    PVR_MERA_I_COMPILATION,
    PVR_MERA_I_CONSTANTS,
    PVR_MERA_INFO_FIELDS
};

enum pvr_mera_fnames_field {
    PVR_MERA_FN_OUTPUT,
    PVR_MERA_FN_INFO,
    PVR_MERA_FN_AMR,
    PVR_MERA_FN_HYDRO,
    PVR_MERA_FN_HYDRO_DESCRIPTOR,
    PVR_MERA_FN_GRAVITY,
    PVR_MERA_FN_PARTICLES,
    PVR_MERA_FN_PART_DESCRIPTOR,
    PVR_MERA_FN_RT,
    PVR_MERA_FN_RT_DESCRIPTOR,
    PVR_MERA_FN_RT_DESCRIPTOR_V0,
    PVR_MERA_FN_CLUMPS,
    PVR_MERA_FN_TIMER,
    PVR_MERA_FN_HEADER,
    PVR_MERA_FN_NAMELIST,
    PVR_MERA_FN_COMPILATION,
    PVR_MERA_FN_MAKEFILE,
    PVR_MERA_FN_PATCHFILE,
    PVR_MERA_FNAMES_FIELDS
};

enum pvr_mera_descriptor_field {
    PVR_MERA_D_HVERSION,
    PVR_MERA_D_HYDRO,
    PVR_MERA_D_HTYPES,
    PVR_MERA_D_USEHYDRO,
    PVR_MERA_D_HYDROFILE,
    PVR_MERA_D_PVERSION,
    PVR_MERA_D_PARTICLES,
    PVR_MERA_D_PTYPES,
    PVR_MERA_D_USEPARTICLES,
    PVR_MERA_D_PARTICLESFILE,
    PVR_MERA_D_GRAVITY,
    PVR_MERA_D_USEGRAVITY,
    PVR_MERA_D_GRAVITYFILE,
    PVR_MERA_D_RTVERSION,
    PVR_MERA_D_RT,
    PVR_MERA_D_RTPHOTONGROUPS,
    PVR_MERA_D_USERT,
    PVR_MERA_D_RTFILE,
    PVR_MERA_D_CLUMPS,
    PVR_MERA_D_USECLUMPS,
    PVR_MERA_D_CLUMPSFILE,
    PVR_MERA_D_SINKS,
    PVR_MERA_D_USESINKS,
    PVR_MERA_D_SINKSFILE,
    PVR_MERA_DESCRIPTOR_FIELDS
};

enum pvr_mera_grid_field {
    PVR_MERA_G_NGRIDMAX,
    PVR_MERA_G_NSTEP_COARSE,
    PVR_MERA_G_NX,
    PVR_MERA_G_NY,
    PVR_MERA_G_NZ,
    PVR_MERA_G_NLEVELMAX,
    PVR_MERA_G_NBOUNDARY,
    PVR_MERA_G_NGRID_CURRENT,
    PVR_MERA_G_BOUND_KEY,
    PVR_MERA_G_CPU_READ,
    PVR_MERA_GRID_FIELDS
};

enum pvr_mera_part_field {
    PVR_MERA_P_ETA_SN,
    PVR_MERA_P_AGE_SN,
    PVR_MERA_P_F_W,
    PVR_MERA_P_NPART,
    PVR_MERA_P_NDM,
    PVR_MERA_P_NSTARS,
    PVR_MERA_P_NSINKS,
    PVR_MERA_P_NCLOUD,
    PVR_MERA_P_NDEBRIS,
    PVR_MERA_P_NOTHER,
    PVR_MERA_P_NUNDEFINED,
    PVR_MERA_P_OTHER_TRACER1,
    PVR_MERA_P_DEBRIS_TRACER,
    PVR_MERA_P_CLOUD_TRACER,
    PVR_MERA_P_STAR_TRACER,
    PVR_MERA_P_OTHER_TRACER2,
    PVR_MERA_P_GAS_TRACER,
    PVR_MERA_PART_FIELDS
};

enum { PVR_MERA_FILES_FIELDS = 3, PVR_MERA_COMPILATION_FIELDS = 5 };

extern const struct pvr_jl_type pvr_mera_info_type, pvr_mera_fnames_type, pvr_mera_descriptor_type,
    pvr_mera_grid_type, pvr_mera_part_type, pvr_mera_files_type, pvr_mera_compilation_type;
/* hydro, gravity, particles, clumps, rt, in the order of enum pvr_mera_out_kind. */
extern const struct pvr_jl_type pvr_mera_data_type[];

/* pvr_mera_scales.c */
const struct pvr_jl_value *pvr_mera_constants(struct pvr_jl_arena *arena);
/* For cm, g/cm^3 and s per code length, density and time. */
const struct pvr_jl_value *pvr_mera_scales(struct pvr_jl_arena *arena, double unit_l, double unit_d,
                                           double unit_t);

/* A DateTime: milliseconds since the year 1 (Julia counts days from its first) for seconds since
 * 1970. */
const struct pvr_jl_value *pvr_mera_datetime(struct pvr_jl_arena *arena, double seconds);
const struct pvr_jl_value *pvr_mera_datetime_of(struct pvr_jl_arena *arena, int64_t milliseconds);
const struct pvr_jl_value *pvr_mera_version(struct pvr_jl_arena *arena, unsigned major,
                                            unsigned minor, unsigned patch);
const struct pvr_jl_type *pvr_mera_version_type(void);

/* An IndexedTable: `column[i]` are vectors called `name[i]`; rows are sorted by the first `nkeys`
 * columns. */
const struct pvr_jl_value *pvr_mera_table(struct pvr_jl_arena *arena, size_t ncolumns,
                                          const char *const *name,
                                          const struct pvr_jl_value *const *column, size_t nkeys);

#endif
