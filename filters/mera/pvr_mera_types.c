/* pvr_mera_types.c - the types of Mera.jl 1.9, and of the packages that its tables are made of. */
#include "pvr_mera_types.h"

#include "pvr_mera_write.h"

/* Arrays as fields are references: their parameters do not matter there. */
#define VECTOR(type_, element_)                                                                    \
    static const struct pvr_jl_type type_ = {                                                      \
        .kind = PVR_JL_ARRAY, .name = "Core.Array", .is_mutable = true, .element = &(element_)}
VECTOR(symbols, pvr_jl_symbol);
VECTOR(strings, pvr_jl_string);
VECTOR(reals, pvr_jl_float64);
VECTOR(wholes, pvr_jl_int64);
VECTOR(truths, pvr_jl_bool);
VECTOR(anything, pvr_jl_any);
/* So do structs that are mutable. */
#define MUTABLE(type_, name_, fields_, initialized_)                                               \
    const struct pvr_jl_type type_ = {.kind = PVR_JL_STRUCT,                                       \
                                      .name = name_,                                               \
                                      .is_mutable = true,                                          \
                                      .nfields = sizeof(fields_) / sizeof((fields_)[0]),           \
                                      .field = fields_,                                            \
                                      .initialized = initialized_}
#define IMMUTABLE(type_, name_, fields_)                                                           \
    static const struct pvr_jl_type type_ = {.kind = PVR_JL_STRUCT,                                \
                                             .name = name_,                                        \
                                             .nfields = sizeof(fields_) / sizeof((fields_)[0]),    \
                                             .field = fields_,                                     \
                                             .initialized =                                        \
                                                 sizeof(fields_) / sizeof((fields_)[0])}

/* ---- Dates, versions --------------------------------------------------------------------------
 */

static const struct pvr_jl_field millisecond_fields[] = {{"value", &pvr_jl_int64}};
IMMUTABLE(millisecond, "Dates.Millisecond", millisecond_fields);
static const struct pvr_jl_value millisecond_value = {.type = &pvr_jl_datatype,
                                                      .as.type = &millisecond};
static const struct pvr_jl_value *const instant_parameters[] = {&millisecond_value};
static const struct pvr_jl_field instant_fields[] = {{"periods", &millisecond}};
static const struct pvr_jl_type instant = {.kind = PVR_JL_STRUCT,
                                           .name = "Dates.UTInstant",
                                           .nfields = 1,
                                           .field = instant_fields,
                                           .initialized = 1,
                                           .nparameters = 1,
                                           .parameter = instant_parameters};
static const struct pvr_jl_field datetime_fields[] = {{"instant", &instant}};
IMMUTABLE(datetime, "Dates.DateTime", datetime_fields);

const struct pvr_jl_value *pvr_mera_datetime(struct pvr_jl_arena *arena, double seconds) {
    /* Days from the first of the year 1 to 1970, and that one itself. */
    const double milliseconds = 719163.0 * 86400e3;
    return pvr_mera_datetime_of(arena, (int64_t)(milliseconds + seconds * 1e3 + 0.5));
}

const struct pvr_jl_value *pvr_mera_datetime_of(struct pvr_jl_arena *arena, int64_t milliseconds) {
    const struct pvr_jl_value *value = pvr_jl_int(arena, milliseconds);
    const struct pvr_jl_value *periods = pvr_jl_struct_value(arena, &millisecond, &value);
    const struct pvr_jl_value *when = pvr_jl_struct_value(arena, &instant, &periods);
    return pvr_jl_struct_value(arena, &datetime, &when);
}

static const struct pvr_jl_field version_fields[] = {{"major", &pvr_jl_uint32},
                                                     {"minor", &pvr_jl_uint32},
                                                     {"patch", &pvr_jl_uint32},
                                                     {"prerelease", &pvr_jl_any},
                                                     {"build", &pvr_jl_any}};
IMMUTABLE(version, "Base.VersionNumber", version_fields);

const struct pvr_jl_type *pvr_mera_version_type(void) {
    return &version;
}

const struct pvr_jl_value *pvr_mera_version(struct pvr_jl_arena *arena, unsigned major,
                                            unsigned minor, unsigned patch) {
    static const struct pvr_jl_value none = {.type = &pvr_jl_empty_tuple};
    const struct pvr_jl_value *field[] = {
        pvr_jl_number(arena, &pvr_jl_uint32, major), pvr_jl_number(arena, &pvr_jl_uint32, minor),
        pvr_jl_number(arena, &pvr_jl_uint32, patch), &none, &none};
    return pvr_jl_struct_value(arena, &version, field);
}

/* ---- Mera -------------------------------------------------------------------------------------
 */

static const struct pvr_jl_field fnames_fields[] = {{"output", &pvr_jl_string},
                                                    {"info", &pvr_jl_string},
                                                    {"amr", &pvr_jl_string},
                                                    {"hydro", &pvr_jl_string},
                                                    {"hydro_descriptor", &pvr_jl_string},
                                                    {"gravity", &pvr_jl_string},
                                                    {"particles", &pvr_jl_string},
                                                    {"part_descriptor", &pvr_jl_string},
                                                    {"rt", &pvr_jl_string},
                                                    {"rt_descriptor", &pvr_jl_string},
                                                    {"rt_descriptor_v0", &pvr_jl_string},
                                                    {"clumps", &pvr_jl_string},
                                                    {"timer", &pvr_jl_string},
                                                    {"header", &pvr_jl_string},
                                                    {"namelist", &pvr_jl_string},
                                                    {"compilation", &pvr_jl_string},
                                                    {"makefile", &pvr_jl_string},
                                                    {"patchfile", &pvr_jl_string}};
MUTABLE(pvr_mera_fnames_type, "Mera.FileNamesType", fnames_fields, 0);

static const struct pvr_jl_field grid_fields[] = {
    {"ngridmax", &pvr_jl_int64},  {"nstep_coarse", &pvr_jl_int64},
    {"nx", &pvr_jl_int64},        {"ny", &pvr_jl_int64},
    {"nz", &pvr_jl_int64},        {"nlevelmax", &pvr_jl_int64},
    {"nboundary", &pvr_jl_int64}, {"ngrid_current", &pvr_jl_int64},
    {"bound_key", &reals},        {"cpu_read", &truths}};
MUTABLE(pvr_mera_grid_type, "Mera.GridInfoType", grid_fields, 0);

static const struct pvr_jl_field part_fields[] = {
    {"eta_sn", &pvr_jl_float64},      {"age_sn", &pvr_jl_float64},
    {"f_w", &pvr_jl_float64},         {"Npart", &pvr_jl_int64},
    {"Ndm", &pvr_jl_int64},           {"Nstars", &pvr_jl_int64},
    {"Nsinks", &pvr_jl_int64},        {"Ncloud", &pvr_jl_int64},
    {"Ndebris", &pvr_jl_int64},       {"Nother", &pvr_jl_int64},
    {"Nundefined", &pvr_jl_int64},    {"other_tracer1", &pvr_jl_int64},
    {"debris_tracer", &pvr_jl_int64}, {"cloud_tracer", &pvr_jl_int64},
    {"star_tracer", &pvr_jl_int64},   {"other_tracer2", &pvr_jl_int64},
    {"gas_tracer", &pvr_jl_int64}};
MUTABLE(pvr_mera_part_type, "Mera.PartInfoType", part_fields, 0);

static const struct pvr_jl_field compilation_fields[] = {{"compile_date", &pvr_jl_string},
                                                         {"patch_dir", &pvr_jl_string},
                                                         {"remote_repo", &pvr_jl_string},
                                                         {"local_branch", &pvr_jl_string},
                                                         {"last_commit", &pvr_jl_string}};
MUTABLE(pvr_mera_compilation_type, "Mera.CompilationInfoType", compilation_fields, 0);

static const struct pvr_jl_field descriptor_fields[] = {
    {"hversion", &pvr_jl_int64},    {"hydro", &symbols},
    {"htypes", &strings},           {"usehydro", &pvr_jl_bool},
    {"hydrofile", &pvr_jl_bool},    {"pversion", &pvr_jl_int64},
    {"particles", &symbols},        {"ptypes", &strings},
    {"useparticles", &pvr_jl_bool}, {"particlesfile", &pvr_jl_bool},
    {"gravity", &symbols},          {"usegravity", &pvr_jl_bool},
    {"gravityfile", &pvr_jl_bool},  {"rtversion", &pvr_jl_int64},
    {"rt", &pvr_jl_dict},           {"rtPhotonGroups", &pvr_jl_dict},
    {"usert", &pvr_jl_bool},        {"rtfile", &pvr_jl_bool},
    {"clumps", &symbols},           {"useclumps", &pvr_jl_bool},
    {"clumpsfile", &pvr_jl_bool},   {"sinks", &symbols},
    {"usesinks", &pvr_jl_bool},     {"sinksfile", &pvr_jl_bool}};
MUTABLE(pvr_mera_descriptor_type, "Mera.DescriptorType", descriptor_fields, 0);

static const struct pvr_jl_field files_fields[] = {
    {"makefile", &strings}, {"timerfile", &strings}, {"patchfile", &strings}};
MUTABLE(pvr_mera_files_type, "Mera.FilesContentType", files_fields, 0);

static const struct pvr_jl_field info_fields[] = {{"output", &pvr_jl_any},
                                                  {"path", &pvr_jl_string},
                                                  {"fnames", &pvr_mera_fnames_type},
                                                  {"simcode", &pvr_jl_string},
                                                  {"mtime", &datetime},
                                                  {"ctime", &datetime},
                                                  {"ncpu", &pvr_jl_int64},
                                                  {"ndim", &pvr_jl_int64},
                                                  {"levelmin", &pvr_jl_int64},
                                                  {"levelmax", &pvr_jl_int64},
                                                  {"boxlen", &pvr_jl_float64},
                                                  {"time", &pvr_jl_float64},
                                                  {"aexp", &pvr_jl_float64},
                                                  {"H0", &pvr_jl_float64},
                                                  {"omega_m", &pvr_jl_float64},
                                                  {"omega_l", &pvr_jl_float64},
                                                  {"omega_k", &pvr_jl_float64},
                                                  {"omega_b", &pvr_jl_float64},
                                                  {"unit_l", &pvr_jl_float64},
                                                  {"unit_d", &pvr_jl_float64},
                                                  {"unit_m", &pvr_jl_float64},
                                                  {"unit_v", &pvr_jl_float64},
                                                  {"unit_t", &pvr_jl_float64},
                                                  {"gamma", &pvr_jl_float64},
                                                  {"hydro", &pvr_jl_bool},
                                                  {"nvarh", &pvr_jl_int64},
                                                  {"nvarp", &pvr_jl_int64},
                                                  {"nvarrt", &pvr_jl_int64},
                                                  {"variable_list", &symbols},
                                                  {"gravity_variable_list", &symbols},
                                                  {"particles_variable_list", &symbols},
                                                  {"rt_variable_list", &symbols},
                                                  {"clumps_variable_list", &symbols},
                                                  {"sinks_variable_list", &symbols},
                                                  {"descriptor", &pvr_mera_descriptor_type},
                                                  {"amr", &pvr_jl_bool},
                                                  {"gravity", &pvr_jl_bool},
                                                  {"particles", &pvr_jl_bool},
                                                  {"rt", &pvr_jl_bool},
                                                  {"clumps", &pvr_jl_bool},
                                                  {"sinks", &pvr_jl_bool},
                                                  {"namelist", &pvr_jl_bool},
                                                  {"namelist_content", &pvr_jl_dict},
                                                  {"headerfile", &pvr_jl_bool},
                                                  {"makefile", &pvr_jl_bool},
                                                  {"files_content", &pvr_mera_files_type},
                                                  {"timerfile", &pvr_jl_bool},
                                                  {"compilationfile", &pvr_jl_bool},
                                                  {"patchfile", &pvr_jl_bool},
                                                  {"Narraysize", &pvr_jl_int64},
                                                  {"scale", &pvr_jl_any},
                                                  {"grid_info", &pvr_mera_grid_type},
                                                  {"part_info", &pvr_mera_part_type},
                                                  {"compilation", &pvr_mera_compilation_type},
                                                  {"constants", &pvr_jl_any}};
MUTABLE(pvr_mera_info_type, "Mera.InfoType", info_fields, 0);

#define DATA_FRONT                                                                                 \
    {"data", &pvr_jl_any}, {                                                                       \
        "info", &pvr_jl_any                                                                        \
    }
#define DATA_LEVELS                                                                                \
    {"lmin", &pvr_jl_int64}, {                                                                     \
        "lmax", &pvr_jl_int64                                                                      \
    }
#define DATA_BOX                                                                                   \
    {"boxlen", &pvr_jl_float64}, {                                                                 \
        "ranges", &reals                                                                           \
    }
#define DATA_SCALE                                                                                 \
    { "scale", &pvr_jl_any }
static const struct pvr_jl_field hydro_fields[] = {DATA_FRONT,
                                                   DATA_LEVELS,
                                                   DATA_BOX,
                                                   {"selected_hydrovars", &wholes},
                                                   {"used_descriptors", &pvr_jl_dict},
                                                   {"smallr", &pvr_jl_float64},
                                                   {"smallc", &pvr_jl_float64},
                                                   DATA_SCALE};
static const struct pvr_jl_field gravity_fields[] = {DATA_FRONT,
                                                     DATA_LEVELS,
                                                     DATA_BOX,
                                                     {"selected_gravvars", &wholes},
                                                     {"used_descriptors", &pvr_jl_dict},
                                                     DATA_SCALE};
static const struct pvr_jl_field particle_fields[] = {DATA_FRONT,
                                                      DATA_LEVELS,
                                                      DATA_BOX,
                                                      {"selected_partvars", &symbols},
                                                      {"used_descriptors", &pvr_jl_dict},
                                                      DATA_SCALE};
static const struct pvr_jl_field clump_fields[] = {DATA_FRONT,
                                                   DATA_BOX,
                                                   {"selected_clumpvars", &symbols},
                                                   {"used_descriptors", &pvr_jl_dict},
                                                   DATA_SCALE};
static const struct pvr_jl_field rt_fields[] = {DATA_FRONT,
                                                DATA_LEVELS,
                                                DATA_BOX,
                                                {"selected_rtvars", &wholes},
                                                {"used_descriptors", &pvr_jl_dict},
                                                DATA_SCALE};
#define DATA(name_, fields_)                                                                       \
    {                                                                                              \
        .kind = PVR_JL_STRUCT, .name = name_, .is_mutable = true,                                  \
        .nfields = sizeof(fields_) / sizeof((fields_)[0]), .field = fields_                        \
    }
const struct pvr_jl_type pvr_mera_data_type[] = {
    [PVR_MERA_OUT_HYDRO] = DATA("Mera.HydroDataType", hydro_fields),
    [PVR_MERA_OUT_GRAVITY] = DATA("Mera.GravDataType", gravity_fields),
    [PVR_MERA_OUT_PARTICLES] = DATA("Mera.PartDataType", particle_fields),
    [PVR_MERA_OUT_CLUMPS] = DATA("Mera.ClumpDataType", clump_fields),
    [PVR_MERA_OUT_RT] = DATA("Mera.RtDataType", rt_fields)};

/* ---- tables -----------------------------------------------------------------------------------
 */

/* IndexedTables.Perm without its parameter, as the elements of the (empty) array `perms` are: the
 * UnionAll `Perm{X} where X`. */
static const struct pvr_jl_type *permutation(struct pvr_jl_arena *arena) {
    static const struct pvr_jl_field variable_fields[] = {
        {"name", &pvr_jl_symbol}, {"lb", &pvr_jl_any}, {"ub", &pvr_jl_any}};
    static const struct pvr_jl_type variable_type = {.kind = PVR_JL_STRUCT,
                                                     .name = "Core.TypeVar",
                                                     .is_mutable = true,
                                                     .nfields = 3,
                                                     .field = variable_fields,
                                                     .initialized = 3};
    static const struct pvr_jl_field whole_fields[] = {{"var", &variable_type},
                                                       {"body", &pvr_jl_any}};
    IMMUTABLE(whole_type, "Core.UnionAll", whole_fields);
    static const struct pvr_jl_value bottom = {.type = &pvr_jl_bottom};
    const struct pvr_jl_value *bounds[] = {pvr_jl_symbol_value(arena, "X"), &bottom,
                                           pvr_jl_type_value(arena, &pvr_jl_any)};
    const struct pvr_jl_value *variable = pvr_jl_struct_value(arena, &variable_type, bounds);
    const struct pvr_jl_value **parameter = pvr_jl_arena_take(arena, sizeof *parameter);
    struct pvr_jl_type *body = pvr_jl_arena_take(arena, sizeof *body);
    struct pvr_jl_type *type = pvr_jl_arena_take(arena, sizeof *type);
    if (parameter == NULL || body == NULL || type == NULL) {
        return NULL;
    }
    parameter[0] = variable;
    *body = (struct pvr_jl_type){.kind = PVR_JL_ABSTRACT,
                                 .name = "IndexedTables.Perm",
                                 .nparameters = 1,
                                 .parameter = parameter};
    const struct pvr_jl_value *whole[] = {variable, pvr_jl_type_value(arena, body)};
    *type = (struct pvr_jl_type){.kind = PVR_JL_ABSTRACT,
                                 .name = "IndexedTables.Perm",
                                 .whole = pvr_jl_struct_value(arena, &whole_type, whole)};
    return type;
}

/* A vector of Union{Missing,Float64} as JLD2 writes it; all are missing. */
static const struct pvr_jl_value *missing_numbers(struct pvr_jl_arena *arena, size_t n) {
    static const struct pvr_jl_field fields[] = {
        {"mask", &pvr_jl_uint8}, {"t1", &pvr_jl_missing}, {"t2", &pvr_jl_float64}};
    static const struct pvr_jl_value missing = {.type = &pvr_jl_datatype,
                                                .as.type = &pvr_jl_missing},
                                     number = {.type = &pvr_jl_datatype,
                                               .as.type = &pvr_jl_float64};
    static const struct pvr_jl_value *const parameters[] = {&missing, &number};
    static const struct pvr_jl_type element = {.kind = PVR_JL_STRUCT,
                                               .name = "JLD2.InlineUnionEl",
                                               .bytes = 0,
                                               .nfields = 3,
                                               .field = fields,
                                               .initialized = 3,
                                               .nparameters = 2,
                                               .parameter = parameters};
    enum { PACKED = 1 + 8 };
    return pvr_jl_vector_of_bits(arena, &element, n, PACKED,
                                 pvr_jl_arena_take(arena, n * PACKED + 1));
}

const struct pvr_jl_value *pvr_mera_table(struct pvr_jl_arena *arena, size_t ncolumns,
                                          const char *const *name,
                                          const struct pvr_jl_value *const *column, size_t nkeys) {
    const struct pvr_jl_type **element = pvr_jl_arena_take(arena, ncolumns * sizeof *element);
    const struct pvr_jl_type **vector = pvr_jl_arena_take(arena, ncolumns * sizeof *vector);
    const struct pvr_jl_value **empty = pvr_jl_arena_take(arena, ncolumns * sizeof *empty);
    int64_t *key = pvr_jl_arena_take(arena, nkeys * sizeof *key + 1);
    struct pvr_jl_type *array_type = pvr_jl_arena_take(arena, sizeof *array_type);
    struct pvr_jl_type *table_type = pvr_jl_arena_take(arena, sizeof *table_type);
    struct pvr_jl_field *array_field = pvr_jl_arena_take(arena, sizeof *array_field);
    struct pvr_jl_field *table_field = pvr_jl_arena_take(arena, 5 * sizeof *table_field);
    const struct pvr_jl_value **array_parameter =
        pvr_jl_arena_take(arena, 4 * sizeof *array_parameter);
    const struct pvr_jl_value **table_parameter = pvr_jl_arena_take(arena, sizeof *table_parameter);
    if (arena->failed) {
        return NULL;
    }
    for (size_t i = 0; i < ncolumns; i++) {
        vector[i] = column[i] != NULL ? column[i]->type : NULL;
        element[i] = vector[i] != NULL ? vector[i]->element : NULL;
        empty[i] = element[i] != NULL ? pvr_jl_vector(arena, element[i], 0, NULL) : NULL;
    }
    for (size_t i = 0; i < nkeys; i++) {
        key[i] = (int64_t)i + 1;
    }
    if (arena->failed) {
        return NULL;
    }
    /* StructArray{NamedTuple of elements, 1, NamedTuple of vectors, Int64} */
    const struct pvr_jl_type *rows = pvr_jl_named_tuple_of(arena, ncolumns, name, element);
    const struct pvr_jl_type *columns = pvr_jl_named_tuple_of(arena, ncolumns, name, vector);
    array_field[0] = (struct pvr_jl_field){"fieldarrays", columns};
    array_parameter[0] = pvr_jl_type_value(arena, rows);
    array_parameter[1] = pvr_jl_int(arena, 1);
    array_parameter[2] = pvr_jl_type_value(arena, columns);
    array_parameter[3] = pvr_jl_type_value(arena, &pvr_jl_int64);
    *array_type = (struct pvr_jl_type){.kind = PVR_JL_STRUCT,
                                       .name = "StructArrays.StructArray",
                                       .nfields = 1,
                                       .field = array_field,
                                       .initialized = 1,
                                       .nparameters = 4,
                                       .parameter = array_parameter};
    table_field[0] = (struct pvr_jl_field){"columns", array_type};
    table_field[1] = (struct pvr_jl_field){"pkey", &wholes};
    table_field[2] = (struct pvr_jl_field){"perms", &anything};
    table_field[3] = (struct pvr_jl_field){"cardinality", &anything};
    table_field[4] = (struct pvr_jl_field){"columns_buffer", &pvr_jl_any};
    table_parameter[0] = pvr_jl_type_value(arena, array_type);
    *table_type = (struct pvr_jl_type){.kind = PVR_JL_STRUCT,
                                       .name = "IndexedTables.IndexedTable",
                                       .nfields = 5,
                                       .field = table_field,
                                       .initialized = 5,
                                       .nparameters = 1,
                                       .parameter = table_parameter};
    if (arena->failed) {
        return NULL;
    }
    const struct pvr_jl_value *full = pvr_jl_struct_value(arena, columns, column);
    const struct pvr_jl_value *none = pvr_jl_struct_value(arena, columns, empty);
    const struct pvr_jl_value *field[] = {
        pvr_jl_struct_value(arena, array_type, &full),
        pvr_jl_vector_of_bits(arena, &pvr_jl_int64, nkeys, sizeof *key, key),
        pvr_jl_vector(arena, permutation(arena), 0, NULL), missing_numbers(arena, ncolumns),
        pvr_jl_struct_value(arena, array_type, &none)};
    return pvr_jl_struct_value(arena, table_type, field);
}
