/* test_convert.c - the batch converter around the conversion itself: what is found, skipped, kept,
 * noted and reported. The conversion is a copy here. */
#include "support.h"

#include "pvr_convert.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum pvr_status need_little(void *context, const char *source, int threads, uint64_t *need,
                                   uint64_t *thread_need, struct pvr_error *error) {
    (void)context;
    (void)source;
    (void)threads;
    (void)error;
    *need = 1 << 20;
    *thread_need = 1 << 10;
    return PVR_OK;
}

struct copying {
    int calls;            /* atomic */
    const char *fails_at; /* part of a source's path, or null */
    bool touches;         /* writes to the source meanwhile */
};

/* Called by several threads at once, so not by the means of support.h. */
static void copy_bytes(const char *source, const char *target) {
    char bytes[256];
    FILE *in = fopen(source, "r"), *out = fopen(target, "w");
    size_t count = fread(bytes, 1, sizeof bytes, in);
    fwrite(bytes, 1, count, out);
    fclose(in);
    fclose(out);
}

static enum pvr_status copy(void *context, const struct pvr_convert_call *call,
                            struct pvr_convert_facts *facts, struct pvr_error *error) {
    struct copying *copying = context;
    char part[4096];
    __atomic_add_fetch(&copying->calls, 1, __ATOMIC_RELAXED);
    if (call->progress(call->progress_context, 0.5, 1, 2) != 0) {
        return pvr_fail(error, PVR_CANCELLED, "%s: stopped", call->source);
    }
    if (copying->fails_at != NULL && strstr(call->source, copying->fails_at) != NULL) {
        return pvr_fail(error, PVR_ERROR_FORMAT, "%s: broken at record 3", call->source);
    }
    snprintf(part, sizeof part, "%s.part", call->target);
    copy_bytes(call->source, part);
    if (copying->touches) {
        copying->touches = truncate(call->source, 3) == 0;
    }
    snprintf(facts->source_version, sizeof facts->source_version, "old");
    snprintf(facts->target_version, sizeof facts->target_version, "new");
    facts->values = 7;
    int file = open(part, O_RDONLY);
    enum pvr_status status = call->whole(call->whole_context, file, error);
    close(file);
    if (status == PVR_OK) {
        rename(part, call->target);
    } else {
        unlink(part);
    }
    return status;
}

/* A folder with the named files; each holds its name. */
static char *folder_with(const char *const *names) {
    char *folder = unit_temp_folder();
    for (int i = 0; names[i] != NULL; i++) {
        unit_write_text(unit_path("%s/%s", folder, names[i]), names[i]);
    }
    return folder;
}

static struct pvr_convert_report run(const char *out, struct pvr_convert_list *list,
                                     struct copying *copying, bool force) {
    struct pvr_convert_engine engine = {need_little, copy, copying};
    struct pvr_convert_options options = {
        .out = out, .force = force, .batch = {.threads = 2, .min_threads = 1, .margin = 1}};
    struct pvr_convert_report report;
    struct pvr_error error;
    pvr_error_clear(&error);
    unit_ok(pvr_convert_run(&options, &engine, list, &report, &error), &error);
    return report;
}

static struct pvr_convert_list find(const char *in, const char *out, int from, int to) {
    struct pvr_convert_list list;
    struct pvr_error error;
    pvr_error_clear(&error);
    unit_ok(pvr_convert_find(in, out, from, to, false, &list, &error), &error);
    return list;
}

static const char *const plain[] = {"output_00001.jld2", "output_00003.jld2", "output_00010.jld2",
                                    NULL};

static void finds_by_number(void **state) {
    (void)state;
    static const char *const names[] = {"output_00012.jld2", "output_00003.jld2",
                                        "output_3.jld2",     "output_100000.jld2",
                                        "notes.txt",         "output_12a.jld2",
                                        "output_.jld2",      "output_99999999999.jld2",
                                        ".hidden",           NULL};
    char *in = folder_with(names), *out = unit_temp_folder();
    unit_make_folder(unit_path("%s/output_00007.jld2", in)); /* no file */
    struct pvr_convert_list list = find(in, out, 0, 1000000);
    assert_int_equal(list.count, 4);
    assert_string_equal(list.entry[0].name, "output_00003.jld2");
    assert_string_equal(list.entry[1].name, "output_3.jld2");
    assert_string_equal(list.entry[2].name, "output_00012.jld2");
    assert_string_equal(list.entry[3].name, "output_100000.jld2");
    assert_false(list.entry[0].duplicate);
    assert_true(list.entry[1].duplicate);
    assert_int_equal(list.nforeign, 5);
    int gap[4];
    assert_int_equal(pvr_convert_gaps(&list, gap, 4), 8 + 99987);
    assert_int_equal(gap[0], 4);
    assert_int_equal(gap[3], 7);
    pvr_convert_list_free(&list);
    list = find(in, out, 4, 12);
    assert_int_equal(list.count, 1);
    pvr_convert_list_free(&list);
    struct pvr_error error;
    unit_failed(pvr_convert_find("/nowhere/at/all", out, 0, 1, false, &list, &error), &error,
                "/nowhere/at/all");
    pvr_convert_list_free(&list);
    unit_drop_folder(in);
    unit_drop_folder(out);
}

static void converts_skips_and_forces(void **state) {
    (void)state;
    char *in = folder_with(plain), *above = unit_temp_folder();
    char *out = strdup(unit_path("%s/made/with/all/above", above));
    size_t size;
    struct copying copying = {0};
    struct pvr_convert_list none = find(in, out, 50, 100); /* which makes the folders */
    assert_int_equal(run(out, &none, &copying, false).files, 0);
    pvr_convert_list_free(&none);
    unit_write_text(unit_path("%s/output_00003.jld2", out), "there before");
    struct pvr_convert_list list = find(in, out, 0, 100);
    struct pvr_convert_report report = run(out, &list, &copying, false);
    assert_int_equal(report.files, 3);
    assert_int_equal(report.converted, 2);
    assert_int_equal(report.skipped, 1);
    assert_int_equal(list.entry[1].state, PVR_CONVERT_SKIPPED);
    assert_int_equal(report.bytes_in, 2 * strlen(plain[0]));
    assert_int_equal(report.bytes_out, report.bytes_in);
    char *kept = unit_read_file(unit_path("%s/output_00003.jld2", out), &size);
    assert_string_equal(kept, "there before");
    free(kept);
    pvr_convert_list_free(&list);

    list = find(in, out, 0, 100); /* again: nothing is left to do */
    report = run(out, &list, &copying, false);
    assert_int_equal(report.skipped, 3);
    assert_int_equal(copying.calls, 2);
    pvr_convert_list_free(&list);

    list = find(in, out, 0, 100);
    report = run(out, &list, &copying, true);
    assert_int_equal(report.converted, 3);
    kept = unit_read_file(unit_path("%s/output_00003.jld2", out), &size);
    assert_string_equal(kept, plain[1]);
    free(kept);
    pvr_convert_list_free(&list);
    unit_drop_folder(in);
    unit_drop_folder(above);
    free(out);
}

static void one_broken_file_has_its_reason(void **state) {
    (void)state;
    char *in = folder_with(plain), *out = unit_temp_folder();
    size_t size;
    struct copying copying = {.fails_at = "output_00003"};
    struct pvr_convert_list list = find(in, out, 0, 100);
    struct pvr_convert_report report = run(out, &list, &copying, false);
    assert_int_equal(report.converted, 2);
    assert_int_equal(report.failed, 1);
    assert_int_equal(list.entry[1].state, PVR_CONVERT_FAILED);
    assert_non_null(strstr(list.entry[1].message, "broken at record 3"));
    char *log = unit_read_file(unit_path("%s/%s", out, PVR_CONVERT_LOG), &size);
    assert_non_null(strstr(log, "failed output_00003.jld2: "));
    /* The checksum of the file's text, "output_00001.jld2", by xxhsum -H2. */
    assert_non_null(strstr(log, "converted output_00001.jld2: 17 bytes xxh128 "));
    assert_non_null(strstr(log, "7 values compared"));
    free(log);
    pvr_convert_list_free(&list);
    unit_drop_folder(in);
    unit_drop_folder(out);
}

static void a_source_that_changes_is_not_converted(void **state) {
    (void)state;
    char *in = folder_with(plain), *out = unit_temp_folder();
    struct copying copying = {.touches = true};
    struct pvr_convert_list list = find(in, out, 1, 1);
    struct pvr_convert_report report = run(out, &list, &copying, false);
    assert_int_equal(report.failed, 1);
    assert_non_null(strstr(list.entry[0].message, "changed while it was read"));
    assert_int_not_equal(access(unit_path("%s/%s", out, plain[0]), F_OK), 0);
    pvr_convert_list_free(&list);

    /* Nor does it take the place of one that is there. */
    unit_write_text(unit_path("%s/%s", out, plain[0]), "there before");
    copying.touches = true;
    unit_write_text(unit_path("%s/%s", in, plain[0]), "longer than three");
    list = find(in, out, 1, 1);
    report = run(out, &list, &copying, true);
    assert_int_equal(report.failed, 1);
    size_t size;
    char *kept = unit_read_file(unit_path("%s/%s", out, plain[0]), &size);
    assert_string_equal(kept, "there before");
    free(kept);
    pvr_convert_list_free(&list);
    unit_drop_folder(in);
    unit_drop_folder(out);
}

static void hashes_as_xxhsum_does(void **state) {
    (void)state;
    char *folder = unit_temp_folder(), hash[PVR_CONVERT_HASH_SIZE];
    struct pvr_error error;
    pvr_error_clear(&error);
    const char *path = unit_path("%s/empty", folder);
    unit_write_text(path, "");
    unit_ok(pvr_convert_hash(path, hash, &error), &error);
    assert_string_equal(hash, "99aa06d3014798d86001c324468d497f"); /* of no bytes at all */
    unit_failed(pvr_convert_hash("/nowhere", hash, &error), &error, "/nowhere");
    unit_drop_folder(folder);
}

static void two_converters_do_not_share_a_folder(void **state) {
    (void)state;
    char *out = unit_temp_folder();
    struct pvr_convert_log first, second;
    struct pvr_error error;
    pvr_error_clear(&error);
    unit_ok(pvr_convert_log_open(out, &first, &error), &error);
    unit_failed(pvr_convert_log_open(out, &second, &error), &error, "another converter");
    pvr_convert_log_close(&first);
    pvr_error_clear(&error);
    unit_ok(pvr_convert_log_open(out, &second, &error), &error);
    pvr_convert_log_close(&second);
    unit_drop_folder(out);
}

static void advises_by_the_rules(void **state) {
    (void)state;
    struct pvr_convert_report report = {.files = 10, .batch = {.total = 100, .used_at_end = 50}};
    char text[256];
    static const struct {
        uint64_t violations, used;
        const char *part;
    } rules[] = {{3, 50, "take 4 threads"},
                 {2, 50, "take 6 threads"},
                 {1, 50, "one or two threads less"},
                 {0, 50, "more threads"},
                 {0, 70, "fit each other"}};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        report.batch.violations = rules[i].violations;
        report.batch.used_at_end = rules[i].used;
        pvr_convert_advice(&report, 8, text, sizeof text);
        assert_non_null(strstr(text, rules[i].part));
    }
}

static void a_folder_that_cannot_be_made_is_told(void **state) {
    (void)state;
    char *in = folder_with(plain);
    struct copying copying = {0};
    const char *out = unit_path("%s/%s", in, plain[0]); /* a file */
    struct pvr_convert_list list = find(in, "/nowhere", 0, 100);
    struct pvr_convert_engine engine = {need_little, copy, &copying};
    struct pvr_convert_options options = {.out = out,
                                          .batch = {.threads = 1, .min_threads = 1, .margin = 1}};
    struct pvr_convert_report report;
    struct pvr_error error;
    unit_failed(pvr_convert_run(&options, &engine, &list, &report, &error), &error, "is no folder");
    assert_int_equal(copying.calls, 0);
    pvr_convert_list_free(&list);
    unit_drop_folder(in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_by_number),
        cmocka_unit_test(converts_skips_and_forces),
        cmocka_unit_test(one_broken_file_has_its_reason),
        cmocka_unit_test(a_source_that_changes_is_not_converted),
        cmocka_unit_test(hashes_as_xxhsum_does),
        cmocka_unit_test(two_converters_do_not_share_a_folder),
        cmocka_unit_test(advises_by_the_rules),
        cmocka_unit_test(a_folder_that_cannot_be_made_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
