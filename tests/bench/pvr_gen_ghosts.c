/*
 * pvr_gen_ghosts.c - which octs stand in the files of one domain, and their local numbers.
 *
 * Own octs follow the Hilbert curve except in about a quarter of the runs of 16, which are shuffled
 * (by an exclusive or, its own inverse): no reader may rely on a perfect order.
 */
#include "pvr_gen_ghosts.h"

#include <stdlib.h>
#include <string.h>

typedef struct {
    uint32_t *item;
    size_t count, capacity;
    int failed;
} oct_list;

static void push(oct_list *list, uint32_t oct) {
    if (list->count > 0 && list->item[list->count - 1] == oct)
        return;
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 256;
        uint32_t *item = realloc(list->item, capacity * sizeof *item);
        if (!item) {
            list->failed = 1;
            return;
        }
        list->item = item;
        list->capacity = capacity;
    }
    list->item[list->count++] = oct;
}

static int compare_octs(const void *a, const void *b) {
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* Sorts the list and drops doubles. */
static void tidy(oct_list *list) {
    if (list->count == 0)
        return;
    qsort(list->item, list->count, sizeof *list->item, compare_octs);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++)
        if (list->item[i] != list->item[kept - 1])
            list->item[kept++] = list->item[i];
    list->count = kept;
}

static void push_neighbours(oct_list *list, const gen_level *lev, const gen_file_level *file,
                            uint32_t oct, int corners) {
    const uint32_t *neighbour = lev->neighbour + 6 * (size_t)oct;
    for (int direction = 0; direction < 6; direction++) {
        uint32_t beside = neighbour[direction];
        if (beside == GEN_NONE)
            continue;
        if (beside < file->own_begin || beside >= file->own_end)
            push(list, beside);
        /* Edges and corners: steps along the axes that follow. */
        for (int second = (direction | 1) + 1; corners && second < 6; second++) {
            uint32_t edge = lev->neighbour[6 * (size_t)beside + (size_t)second];
            if (edge == GEN_NONE)
                continue;
            if (edge < file->own_begin || edge >= file->own_end)
                push(list, edge);
            for (int third = (second | 1) + 1; third < 6; third++) {
                uint32_t corner = lev->neighbour[6 * (size_t)edge + (size_t)third];
                if (corner != GEN_NONE && (corner < file->own_begin || corner >= file->own_end))
                    push(list, corner);
            }
        }
    }
}

static void push_level(oct_list *list, const gen_file_octs *octs, const gen_tree *tree, int level,
                       int corners) {
    const gen_level *lev = &tree->level[level];
    const gen_file_level *file = &octs->level[level];
    if (level == 1 && file->own_begin == file->own_end)
        push(list, 0); /* every file has the root */
    for (uint32_t oct = file->own_begin; oct < file->own_end; oct++)
        push_neighbours(list, lev, file, oct, corners);
    if (level > 1) { /* octs inside the own octs of the coarser level */
        const gen_level *coarser = &tree->level[level - 1];
        const gen_file_level *above = &octs->level[level - 1];
        for (uint32_t oct = above->own_begin; oct < above->own_end; oct++) {
            uint32_t child = coarser->first_child[oct];
            uint32_t end = child + (uint32_t)__builtin_popcount(coarser->refined[oct]);
            for (; child < end; child++)
                if (child < file->own_begin || child >= file->own_end)
                    push(list, child);
        }
    }
    if (level < tree->level_max) { /* octs around those of the finer level */
        const gen_level *finer = &tree->level[level + 1];
        const gen_file_level *below = &octs->level[level + 1];
        for (uint32_t oct = below->own_begin; oct < below->own_end; oct++) {
            uint32_t parent = finer->parent[oct];
            if (parent < file->own_begin || parent >= file->own_end) {
                push(list, parent);
                push_neighbours(list, lev, file, parent, 0); /* `nbor` of the own oct */
            }
        }
        for (uint32_t i = 0; i < below->ghosts; i++) {
            uint32_t parent = finer->parent[below->ghost[i]];
            if (parent < file->own_begin || parent >= file->own_end)
                push(list, parent);
        }
    }
    tidy(list);
}

int gen_ghosts_find(gen_file_octs *octs, const gen_tree *tree, int level_min, int cpu) {
    memset(octs, 0, sizeof *octs);
    octs->cpu = cpu;
    for (int level = 1; level <= tree->level_max; level++) {
        octs->level[level].own_begin = tree->level[level].first[cpu];
        octs->level[level].own_end = tree->level[level].first[cpu + 1];
    }
    for (int level = tree->level_max; level >= 1; level--) {
        gen_file_level *file = &octs->level[level];
        oct_list list = {NULL, 0, 0, 0};
        push_level(&list, octs, tree, level, level <= level_min);
        file->ghost = list.item;
        file->ghosts = (uint32_t)list.count;
        while (file->ghosts_before < file->ghosts &&
               file->ghost[file->ghosts_before] < file->own_begin)
            file->ghosts_before++;
        if (list.failed)
            return -1;
    }
    for (int level = 1; level <= tree->level_max; level++) {
        gen_file_level *file = &octs->level[level];
        file->base = octs->octs + 1;
        octs->octs += file->own_end - file->own_begin + file->ghosts;
    }
    return 0;
}

void gen_ghosts_free(gen_file_octs *octs) {
    for (int level = 1; level <= GEN_MAX_LEVEL; level++) {
        free(octs->level[level].ghost);
        octs->level[level].ghost = NULL;
    }
}

/* Place of the i-th own oct in the shuffled order, and the other way round. */
static uint32_t shuffled(uint32_t i, uint32_t count, int level) {
    uint32_t run = i >> 4;
    if ((run + 1) << 4 > count)
        return i;
    uint32_t dice = (run * 2654435761U) ^ ((uint32_t)level * 40503U);
    dice ^= dice >> 15;
    dice *= 0x2C1B3C6DU;
    dice ^= dice >> 12;
    return dice & 3 ? i : i ^ (dice >> 8 & 15);
}

uint32_t gen_ghosts_local(const gen_file_octs *octs, int level, uint32_t oct) {
    const gen_file_level *file = &octs->level[level];
    uint32_t own = file->own_end - file->own_begin;
    if (oct >= file->own_begin && oct < file->own_end)
        return file->base + file->ghosts_before + shuffled(oct - file->own_begin, own, level);
    uint32_t low = 0, high = file->ghosts;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (file->ghost[middle] < oct)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == file->ghosts || file->ghost[low] != oct)
        return 0;
    return file->base + low + (low >= file->ghosts_before ? own : 0);
}

uint32_t gen_ghosts_oct(const gen_file_octs *octs, int level, uint32_t place) {
    const gen_file_level *file = &octs->level[level];
    uint32_t own = file->own_end - file->own_begin;
    if (place < file->ghosts_before)
        return file->ghost[place];
    if (place - file->ghosts_before < own)
        return file->own_begin + shuffled(place - file->ghosts_before, own, level);
    return file->ghost[place - own];
}

gen_block gen_ghosts_block(const gen_file_octs *octs, const gen_tree *tree, int level,
                           uint32_t *from) {
    const gen_file_level *file = &octs->level[level];
    uint32_t own = file->own_end - file->own_begin, place = *from;
    gen_block block = {tree->ncpu, place, 0};
    if (place >= own + file->ghosts)
        return block;
    if (own > 0 && place == file->ghosts_before) {
        block.cpu = octs->cpu;
        block.count = own;
    } else {
        const uint32_t *ghost = file->ghost + (place < file->ghosts_before ? place : place - own);
        const uint32_t *end = file->ghost + file->ghosts;
        if (place < file->ghosts_before)
            end = file->ghost + file->ghosts_before;
        block.cpu = gen_tree_owner(tree, level, *ghost);
        uint32_t limit = tree->level[level].first[block.cpu + 1];
        while (ghost < end && *ghost < limit) {
            ghost++;
            block.count++;
        }
    }
    *from = place + block.count;
    return block;
}
