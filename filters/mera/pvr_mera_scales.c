/* pvr_mera_scales.c - the units and constants that Mera keeps with its data.
 *
 * Values and the order of operations are Mera.jl 1.9's (createconstants, createscales in
 * src/functions/miscellaneous.jl), so that its own files have the same bits; the fields stand in
 * the order of its types PhysicalUnitsType002 and ScalesType003. Some of its factors are not what
 * their names say (Au, J_kg, J_s, erg_cm2_s, pc_Myr2...): they are given as Mera gives them, for
 * Mera makes its own anew when it loads a file. What pvramses itself shows comes from pvr_units.h.
 */
#include "pvr_mera_types.h"

#include <math.h>

#define PI 3.14159265358979323846

/* cgs */
#define PC 3.08567758128e18
#define LY 9.4607304725808e17
#define AU 149597870700e-13
#define MSOL 1.9891e33
#define RSOL 6.96e10
#define LSOL 3.828e33
#define MEARTH 5.9722e27
#define MJUPITER 1.89813e30
#define MH 1.66e-24
#define AMU 1.66053906660e-24
#define KB 1.380649e-16
#define H 6.62607015e-27
#define EV 1.602176634e-12
#define YEAR 3.15576e7

struct entry {
    const char *name;
    double value;
};

/* A mutable struct of numbers, and its only value. */
static const struct pvr_jl_value *numbers(struct pvr_jl_arena *arena, const char *name,
                                          const struct entry *entry, size_t n) {
    struct pvr_jl_type *type = pvr_jl_arena_take(arena, sizeof *type);
    struct pvr_jl_field *field = pvr_jl_arena_take(arena, n * sizeof *field);
    const struct pvr_jl_value **value = pvr_jl_arena_take(arena, n * sizeof *value);
    if (type == NULL || field == NULL || value == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        field[i] = (struct pvr_jl_field){entry[i].name, &pvr_jl_float64};
        value[i] = pvr_jl_real(arena, entry[i].value);
    }
    *type = (struct pvr_jl_type){
        .kind = PVR_JL_STRUCT, .name = name, .is_mutable = true, .nfields = n, .field = field};
    return pvr_jl_struct_value(arena, type, value);
}

const struct pvr_jl_value *pvr_mera_constants(struct pvr_jl_arena *arena) {
    const struct entry entry[] = {
        {"Au", AU},
        {"Mpc", PC * 1e6},
        {"kpc", PC * 1e3},
        {"pc", PC},
        {"mpc", PC * 1e-3},
        {"ly", LY},
        {"Msol", MSOL},
        {"Msun", MSOL},
        {"Mearth", MEARTH},
        {"Mjupiter", MJUPITER},
        {"Rsol", RSOL},
        {"Rsun", RSOL},
        {"me", 9.1093837015e-28},
        {"mp", 1.67262192369e-24},
        {"mn", 1.67492749804e-24},
        {"mH", MH},
        {"amu", AMU},
        {"NA", 6.02214076e23},
        {"c", 2.99792458e10},
        {"G", 6.67430e-8},
        {"kB", KB},
        {"k_B", KB},
        {"h", H},
        {"hbar", H / (2 * PI)},
        {"sigma_SB", 5.670374419e-5},
        {"sigma_T", 6.6524587321e-25},
        {"alpha_fs", 7.2973525693e-3},
        {"R_gas", 8.314462618e7},
        {"eV", EV},
        {"keV", EV * 1e3},
        {"MeV", EV * 1e6},
        {"GeV", EV * 1e9},
        {"Lsol", LSOL},
        {"Lsun", LSOL},
        {"m_u", AMU},
        {"day", 86400.0},
        {"hr", 3600.0},
        {"min", 60.0},
        {"Gyr", YEAR * 1e9},
        {"Myr", YEAR * 1e6},
        {"yr", YEAR},
    };
    return numbers(arena, "Mera.PhysicalUnitsType002", entry, sizeof entry / sizeof *entry);
}

static double cube(double x) {
    return x * x * x;
}

const struct pvr_jl_value *pvr_mera_scales(struct pvr_jl_arena *arena, double l, double d,
                                           double t) {
    const double X = 0.76, m = d * cube(l), v2 = (l / t) * (l / t), t2 = t * t, t3 = t * t * t;
    const double Mpc = l / PC / 1e6, kpc = l / PC / 1e3, pc = l / PC, mpc = l / PC * 1e3;
    const double ly = l / LY, Au = l / AU, km = l / 1.0e5, meter = l / 1.0e2, mm = l * 10.,
                 um = l * 1e4;
    const double Msol_pc3 = d * cube(PC) / MSOL, Msol_pc2 = d * l * (PC * PC) / MSOL;
    const double Myr = t / YEAR / 1e6, gram = d * cube(l), cm_s = l / t;
    const double nH = X / MH * d, erg = m * v2, Ba = m / l / t2, p_kB = Ba / KB;
    const double T_mu = MH / KB * v2, T = T_mu * (1 / X);
    const double erg_g_K = (m * v2) / (d * cube(l)) / KB, erg_K = erg_g_K * d * cube(l);
    const double erg_cm3_K = erg_g_K * d, momentum = m * (l * l / t);
    const double Gauss = sqrt(4 * PI * m / (l * t2)), eV = (m * v2) / EV;
    const double erg_s = m * v2 / t, cm_3 = 1. / cube(l);
    const double erg_cm3_s = m / (l * t3), Jy = erg_cm3_s / 1e-23, atoms_cm2 = d * l / MH;
    const double cm_s2 = l / t2, erg_g = v2, u_grav = d * erg_g, erg_cell = d * erg_g * cube(l);
    const double dyne = d * cm_s2;
    const struct entry entry[] = {
        {"Mpc", Mpc},
        {"kpc", kpc},
        {"pc", pc},
        {"mpc", mpc},
        {"ly", ly},
        {"Au", Au},
        {"km", km},
        {"m", meter},
        {"cm", l},
        {"mm", mm},
        {"\xce\xbcm", um},
        {"Mpc3", cube(Mpc)},
        {"kpc3", cube(kpc)},
        {"pc3", cube(pc)},
        {"mpc3", cube(mpc)},
        {"ly3", cube(ly)},
        {"Au3", cube(Au)},
        {"km3", cube(km)},
        {"m3", cube(meter)},
        {"cm3", cube(l)},
        {"mm3", cube(mm)},
        {"\xce\xbcm3", cube(um)},
        {"Msol_pc3", Msol_pc3},
        {"Msun_pc3", Msol_pc3},
        {"g_cm3", d},
        {"Msol_pc2", Msol_pc2},
        {"Msun_pc2", Msol_pc2},
        {"g_cm2", d * l},
        {"Gyr", t / YEAR / 1e9},
        {"Myr", Myr},
        {"yr", t / YEAR},
        {"s", t},
        {"ms", t * 1e3},
        {"Msol", gram / MSOL},
        {"Msun", gram / MSOL},
        {"Mearth", gram / MEARTH},
        {"Mjupiter", gram / MJUPITER},
        {"g", gram},
        {"km_s", cm_s / 1e5},
        {"m_s", cm_s / 1e2},
        {"cm_s", cm_s},
        {"nH", nH},
        {"erg", erg},
        {"g_cms2", m / (l * t2)},
        {"T_mu", T_mu},
        {"K_mu", T_mu},
        {"T", T},
        {"K", T},
        {"Ba", Ba},
        {"g_cm_s2", Ba},
        {"p_kB", p_kB},
        {"K_cm3", p_kB},
        {"erg_g_K", erg_g_K},
        {"keV_cm2", erg_g_K * d * (l * l) / EV * 1000.0},
        {"erg_K", erg_K},
        {"J_K", erg_K / 1e7},
        {"erg_cm3_K", erg_cm3_K},
        {"J_m3_K", erg_cm3_K * 1e1},
        {"kB_per_particle", KB},
        {"J_s", momentum},
        {"g_cm2_s", momentum},
        {"kg_m2_s", momentum * 1e-3 * 1e4},
        {"Gauss", Gauss},
        {"muG", Gauss * 1e6},
        {"microG", Gauss * 1e6},
        {"nG", Gauss * 1e9},
        {"Tesla", Gauss * 1e-4},
        {"eV", eV},
        {"keV", eV / 1e3},
        {"MeV", eV / 1e6},
        {"erg_s", erg_s},
        {"Lsol", erg_s / LSOL},
        {"Lsun", erg_s / LSOL},
        {"cm_3", cm_3},
        {"pc_3", cm_3 * cube(PC)},
        {"n_e", nH},
        {"erg_g_s", (m * v2) / (d * cube(l)) / t},
        {"erg_cm3_s", erg_cm3_s},
        {"erg_cm2_s", erg_cm3_s},
        {"Jy", Jy},
        {"mJy", Jy * 1e3},
        {"microJy", Jy * 1e6},
        {"atoms_cm2", atoms_cm2},
        {"NH_cm2", atoms_cm2},
        {"cm_s2", cm_s2},
        {"m_s2", cm_s2 / 100.0},
        {"km_s2", cm_s2 / 1e5},
        {"pc_Myr2", cm_s2 * (Myr * Myr / pc)},
        {"erg_g", erg_g},
        {"J_kg", erg_g / 1e7},
        {"km2_s2", erg_g / 1e10},
        {"u_grav", u_grav},
        {"erg_cell", erg_cell},
        {"dyne", dyne},
        {"s_2", cm_s2 / l},
        {"lambda_J", l},
        {"M_J", d * cube(l)},
        {"t_ff", t},
        {"alpha_vir", 1.0},
        {"delta_rho", 1.0},
        {"a_mag", cm_s2},
        {"v_esc", cm_s},
        {"ax", cm_s2},
        {"ay", cm_s2},
        {"az", cm_s2},
        {"epot", erg_g},
        {"a_magnitude", cm_s2},
        {"escape_speed", cm_s},
        {"gravitational_redshift", 1.0},
        {"gravitational_energy_density", u_grav},
        {"gravitational_binding_energy", u_grav},
        {"total_binding_energy", erg_cell},
        {"specific_gravitational_energy", erg_g},
        {"gravitational_work", erg},
        {"jeans_length_gravity", l},
        {"jeans_mass_gravity", d * cube(l)},
        {"jeansmass", gram},
        {"freefall_time_gravity", t},
        {"ekin", erg},
        {"etherm", erg},
        {"virial_parameter_local", 1.0},
        {"Fg", dyne},
        {"poisson_source", 1.0 / t2},
        {"ar_cylinder", cm_s2},
        {"a\xcf\x95_cylinder", cm_s2},
        {"ar_sphere", cm_s2},
        {"a\xce\xb8_sphere", cm_s2},
        {"a\xcf\x95_sphere", cm_s2},
        {"r_cylinder", l},
        {"r_sphere", l},
        {"\xcf\x95", 1.0},
        {"dimensionless", 1.0},
        {"rad", 1.0},
        {"deg", 180.0 / PI},
    };
    return numbers(arena, "Mera.ScalesType003", entry, sizeof entry / sizeof *entry);
}
