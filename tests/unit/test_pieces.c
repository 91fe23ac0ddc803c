/* test_pieces.c - pvr_pieces.h: each oct is in one piece, and is asked for once ahead of it. */
#include "pvr_pieces.h"

#include "support.h"

#include <stdlib.h>

enum { LEVELS = 3, DOMAINS = 2 };

static void each_oct_is_asked_for_once(void **state) {
    (void)state;
    /* octs of each level of each domain: none, few, a piece and one more, many */
    const uint32_t octs[DOMAINS][LEVELS] = {{1, PVR_PIECE_OCTS + 1, 3 * PVR_AHEAD_OCTS + 5},
                                            {0, PVR_PIECE_OCTS, PVR_AHEAD_OCTS}};
    const struct pvr_layout layout = {.amr = {.ncpu = DOMAINS, .nlevelmax = LEVELS}};
    struct pvr_domains *domains;
    struct pvr_pieces pieces;
    struct pvr_error error;
    unit_ok(pvr_domains_new(&layout, &domains, &error), &error);
    for (int d = 0; d < DOMAINS; d++) {
        for (int l = 0; l < LEVELS; l++) {
            domains->place[d * (LEVELS + 1) + l].noct = octs[d][l];
        }
    }
    unit_ok(pvr_pieces_cut(domains, 1, LEVELS, NULL, &pieces, &error), &error);
    uint64_t read[DOMAINS][LEVELS] = {{0}}, asked[DOMAINS][LEVELS] = {{0}};
    for (size_t i = 0; i < pieces.npieces; i++) {
        const struct pvr_piece *piece = &pieces.piece[i];
        const struct pvr_piece ahead = pvr_piece_ahead(&pieces, domains, piece);
        uint64_t *seen = &read[piece->domain - 1][piece->level - 1];
        uint64_t *known = &asked[piece->domain - 1][piece->level - 1];
        assert_int_equal(piece->first, *seen);
        *seen += piece->count;
        if (ahead.count > 0) { /* where the last request ended, and never behind what is read */
            assert_int_equal(ahead.first, *known);
            *known += ahead.count;
            assert_true(ahead.count == PVR_AHEAD_OCTS ||
                        *known == octs[piece->domain - 1][piece->level - 1]);
        }
        assert_true(*known >= *seen);
    }
    for (int d = 0; d < DOMAINS; d++) {
        for (int l = 0; l < LEVELS; l++) {
            assert_int_equal(read[d][l], octs[d][l]);
            assert_int_equal(asked[d][l], octs[d][l]);
        }
    }
    /* of pieces with gaps each asks for its own */
    uint16_t pick = 0;
    struct pvr_pieces gaps = pieces;
    gaps.pick = &pick;
    assert_int_equal(pvr_piece_ahead(&gaps, domains, &pieces.piece[2]).count,
                     pieces.piece[2].count);
    pvr_pieces_free(&pieces);
    pvr_domains_free(domains);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_oct_is_asked_for_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
