/* cmd_export.c - pvramses export: VTK files or Mera files of an output, or of many. */
#include "cli.h"
#include "export.h"
#include "json.h"
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: pvramses export PATH --out NAME.(htg|vtu|vti|vtp|jld2) [--fields A,B,...]\n"
    "                       [--log10 A,B,...]\n"
    "                       [--lmin L] [--lmax L] [--max-level L] [--grid-level L]\n"
    "                       [--units code|cgs|astro]\n"
    "                       [--length-unit code|pc|kpc|Mpc|AU|cm] [--precision double|float]\n"
    "                       [--points particles|sinks|clumps|halos] [--families A,B,...]\n"
    "                       " REGION_USAGE "\n"
    "                       [--compressor lz4|zlib|none] [--level N] [--threads N]\n"
    "                       [--kinds A,B,...] [--comments TEXT] [--append]\n"
    "                       [--outputs FIRST:LAST:STEP [--jobs J]] [--json] [--quiet]\n"
    "       pvramses export --help\n";

/* In two parts: compilers need not take longer texts. */
static const char help_what[] =
    "pvramses export - VTK files that any ParaView opens, written with all threads\n"
    "\n"
    "  pvramses export PATH --out NAME.htg [OPTION...]\n"
    "  pvramses export RUN_DIR --outputs 100:200:5 --out NAME.htg [OPTION...]\n"
    "\n"
    "PATH is an output's info file or its folder. What is written is told by the end of the name:\n"
    "  .htg  the mesh as it is: all cells of all levels (a hyper tree grid), a bit per cell for\n"
    "        the structure\n"
    "  .vtu  its leaf cells as voxels that share points (an unstructured grid), for what takes\n"
    "        no hyper tree grid; many times larger\n"
    "  .vti  a uniform grid over it: each cell gets the mean, by volume, of what is in it; of\n"
    "        mass and volume what is in it (for volume rendering, or programs that know no trees)\n"
    "  .vtp  particles, sinks, clumps or halos, as points\n"
    "  .jld2 a Mera file: what Mera.jl 1.9 loads with `loaddata`; call it output_NNNNN.jld2\n"
    "The file appears when it is whole; one of the same name stays as it is until then. Blocks of\n"
    "1 MiB are compressed by all threads; the bytes of the file do not depend on their number.\n"
    "\n"
    "WHAT IS WRITTEN\n"
    "  --fields A,B,...  these fields, by their names in `pvramses info`; components\n"
    "                    (velocity_x), derived fields (temperature, mass, ...), `level` and\n"
    "                    `domain` too. Of points: columns. Default: all fields of the files\n"
    "  --log10 A,B,...   of these the logarithm, as log10_A; NaN where a value is not above 0.\n"
    "                    Taken last, after averaging\n"
    "  --lmax L          no cells deeper than level L: those there get the volume-weighted mean\n"
    "                    of what is in them; of mass and volume the sum\n"
    "  --max-level L     the same with RAMSES' own coarse values; deeper levels are not "
    "read\n" REGION_HELP "  --lmin L          leave out leaf cells coarser than level L\n"
    "  --grid-level L    for .vti: cells of level L; default: as fine as the mesh, at most 512\n"
    "                    along an axis\n"
    "  --units U         code (default), cgs, or astro: cm^-3, km/s, K, Msol, ...\n"
    "  --length-unit U   of coordinates: code (default), pc, kpc, Mpc, AU, cm\n"
    "  --precision P     double (default) or float\n"
    "  --points WHICH    for .vtp: particles (default), sinks, clumps, halos\n"
    "  --families A,...  of particles: dark_matter, star, gas_tracer, cloud, debris, ...\n"
    "\n";
static const char help_how[] =
    "A MERA FILE\n"
    "has tables as Mera makes them, in code units; it is read back and compared before it gets\n"
    "its name. --lmax is Mera's: RAMSES' own coarse values.\n"
    "  --kinds A,B,...   of hydro, gravity, particles, clumps, rt; default: all that there are\n"
    "  --comments TEXT   for `viewdata`\n"
    "  --append          add these kinds to the file that is there\n"
    "\n"
    "HOW\n"
    "  --out NAME        the file\n"
    "  --compressor C    lz4 (default), zlib (smaller, slower), none\n"
    "  --level N         of compression, 1 (fast) to 9 (small), 5 by default\n"
    "  --threads N       at most N threads; 0, the default: all that the process may use\n"
    "  --pin             bind each thread to a processor\n"
    "  --no-prefetch     do not ask the system for bytes ahead of time\n"
    "  --json            one JSON object on standard output, nothing else\n"
    "  --quiet           no progress on standard error\n"
    "  --help            this text\n"
    "\n"
    "MANY OUTPUTS\n"
    "  --outputs F:L:S   of a run's folder, outputs F, F + S, ... up to L; files are called\n"
    "                    NAME_00100.htg ..., and NAME.pvd lists them with their times (Myr;\n"
    "                    not Mera files)\n"
    "  --jobs J          so many outputs beside each other, with --threads T threads for each;\n"
    "                    never more threads in all than the process may use, and no output is\n"
    "                    begun that the memory has no room for. An output that cannot be read\n"
    "                    does not stop the others\n"
    "\n"
    "JSON\n"
    "  path, file, count, of_what, load_seconds, operations (blocks), bytes_in (before\n"
    "  compression), bytes_out (of the file), ratio, seconds (of writing), stage_seconds (fill,\n"
    "  compress, write: of all threads together; commit: until it is on the disk), threads.\n"
    "  Of many outputs: series, done, failed, not_done, seconds, ..., outputs (state, message\n"
    "  and the above of each).\n"
    "\n"
    "EXAMPLES\n"
    "  pvramses export output_00003 --out gas.htg --fields density,temperature --units astro\n"
    "  pvramses export output_00003 --out stars.vtp --families star --length-unit kpc\n"
    "  pvramses export output_00003 --out output_00003.jld2 --kinds hydro,particles\n"
    "  pvramses export run --outputs 1:100:1 --out gas.htg --jobs 4 --threads 2\n";

/* The command line as one text, to be freed. */
static char *command_text(int argc, char **argv) {
    size_t length = sizeof "pvramses";
    for (int i = 0; i < argc; i++) {
        length += strlen(argv[i]) + 1;
    }
    char *text = malloc(length);
    char *end = text != NULL ? stpcpy(text, "pvramses") : NULL;
    for (int i = 0; text != NULL && i < argc; i++) {
        *end++ = ' ';
        end = stpcpy(end, argv[i]);
    }
    return text;
}

static int wrong(const char *message) {
    cli_complain(message);
    fputs(usage, stderr);
    return CLI_USAGE;
}

static void report(const struct export_task *task, const struct export_result *result) {
    if (!task->options->json) {
        export_print(stdout, task->out, result);
        return;
    }
    struct json json;
    json_begin(&json, stdout);
    json_begin_object(&json, NULL);
    json_string(&json, "path", task->options->path);
    json_string(&json, "file", task->out);
    export_write_json(&json, result);
    json_end_object(&json);
    json_end(&json);
}

static int export_one(const struct options *options, const struct export_kind *kind,
                      const char *command) {
    struct pvr_error error;
    struct progress progress;
    struct export_result result = {.count = 0};
    struct export_task task = {.options = options,
                               .out = options->out,
                               .threads = options->threads,
                               .command = command,
                               .progress = progress_step,
                               .progress_context = &progress};
    pvr_error_clear(&error);
    if (pvr_snapshot_open(options->path, &task.snapshot, &error) != PVR_OK) {
        return cli_failed(&error);
    }
    interrupt_catch();
    progress_begin(&progress, "exporting", options->quiet);
    const enum pvr_status status = kind->write(&task, &result, &error);
    progress_end(&progress);
    int exit_status;
    if (status == PVR_OK) { /* the file is there, whatever came after */
        report(&task, &result);
        exit_status = cli_finish_output();
    } else if (interrupt_caught() != 0) {
        cli_complain("stopped");
        exit_status = CLI_SIGNAL + interrupt_caught();
    } else {
        exit_status = cli_failed(&error);
    }
    pvr_report_free(&result.statistics.report);
    pvr_snapshot_release(task.snapshot);
    return exit_status;
}

int cmd_export(int argc, char **argv) {
    struct options options;
    const unsigned takes =
        TAKES_JSON | TAKES_QUIET | TAKES_THREADS | TAKES_MESH | TAKES_EXPORT | TAKES_REGION;
    int exit_status;
    char help[sizeof help_what + sizeof help_how];
    snprintf(help, sizeof help, "%s%s", help_what, help_how);
    char *command = command_text(argc, argv); /* before getopt puts them in another order */
    if (!options_go(argc, argv, takes, usage, help, &options, &exit_status)) {
        free(command);
        return exit_status;
    }
    const struct export_kind *kind = options.out != NULL ? export_kind_of(options.out) : NULL;
    if (options.out == NULL) {
        exit_status = wrong("no file to write: --out NAME");
    } else if (kind == NULL) {
        exit_status = wrong("--out: the end of the name is of no kind that can be written");
    } else if (options.jobs > 0 && options.outputs == NULL) {
        exit_status = wrong("--jobs is for many outputs: --outputs FIRST:LAST:STEP");
    } else if (options.outputs != NULL) {
        exit_status = export_batch(&options, kind, command);
    } else {
        exit_status = export_one(&options, kind, command);
    }
    free(command);
    return exit_status;
}
