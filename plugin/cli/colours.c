/* colours.c - perceptual colour maps. viridis, inferno and magma are those of matplotlib (Nathaniel
 * Smith, Stefan van der Walt, Eric Firing; CC0), at 33 of their 256 colours. */
#include "colours.h"

#include <stddef.h>
#include <string.h>

static const uint8_t viridis[][3] = {
    {68, 1, 84},    {71, 13, 96},   {72, 24, 106},  {72, 35, 116},  {71, 45, 123},  {69, 54, 129},
    {66, 64, 134},  {63, 73, 137},  {59, 82, 139},  {55, 90, 141},  {51, 99, 141},  {47, 106, 142},
    {44, 114, 142}, {41, 122, 142}, {38, 129, 142}, {35, 137, 142}, {33, 144, 140}, {31, 152, 139},
    {31, 159, 136}, {33, 166, 133}, {40, 174, 128}, {49, 181, 123}, {62, 188, 116}, {76, 194, 108},
    {93, 201, 99},  {110, 206, 88}, {130, 211, 76}, {150, 216, 63}, {171, 220, 50}, {192, 223, 36},
    {213, 226, 26}, {234, 229, 26}, {253, 231, 37}};
static const uint8_t inferno[][3] = {
    {0, 0, 4},       {4, 3, 18},      {11, 7, 36},    {21, 11, 55},   {33, 12, 74},
    {46, 10, 90},    {60, 9, 101},    {74, 12, 107},  {87, 16, 109},  {99, 20, 110},
    {112, 25, 110},  {125, 30, 109},  {137, 34, 106}, {150, 39, 102}, {163, 43, 97},
    {175, 49, 92},   {187, 55, 85},   {198, 62, 77},  {209, 70, 68},  {219, 79, 59},
    {227, 89, 50},   {235, 101, 40},  {241, 113, 30}, {246, 127, 20}, {249, 141, 10},
    {251, 156, 6},   {252, 171, 15},  {251, 186, 31}, {249, 202, 50}, {245, 217, 73},
    {242, 232, 101}, {243, 245, 134}, {252, 255, 164}};
static const uint8_t magma[][3] = {
    {0, 0, 4},       {3, 3, 17},      {10, 8, 34},     {19, 13, 51},    {29, 17, 70},
    {40, 17, 90},    {54, 16, 106},   {67, 15, 118},   {80, 18, 124},   {93, 23, 127},
    {105, 28, 129},  {118, 33, 129},  {130, 38, 129},  {143, 42, 129},  {156, 46, 127},
    {169, 50, 125},  {182, 55, 121},  {195, 59, 117},  {207, 65, 112},  {219, 72, 106},
    {230, 81, 99},   {238, 92, 94},   {245, 105, 92},  {249, 120, 93},  {251, 135, 97},
    {253, 150, 104}, {254, 165, 113}, {254, 180, 123}, {254, 195, 135}, {254, 209, 148},
    {253, 224, 162}, {252, 238, 176}, {252, 253, 191}};
static const uint8_t gray[][3] = {{0, 0, 0}, {255, 255, 255}};

static const struct colours all[] = {
    {"viridis", sizeof viridis / sizeof *viridis, viridis},
    {"inferno", sizeof inferno / sizeof *inferno, inferno},
    {"magma", sizeof magma / sizeof *magma, magma},
    {"gray", sizeof gray / sizeof *gray, gray},
};

const struct colours *colours_find(const char *name) {
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (strcmp(all[i].name, name) == 0) {
            return &all[i];
        }
    }
    return NULL;
}

uint32_t colours_at(const struct colours *colours, double place) {
    place = (place > 0 ? place < 1 ? place : 1 : 0) * (colours->count - 1);
    int first = (int)place < colours->count - 1 ? (int)place : colours->count - 2;
    uint32_t rgb = 0;
    for (int c = 0; c < 3; c++) {
        double low = colours->rgb[first][c], high = colours->rgb[first + 1][c];
        rgb = rgb << 8 | (uint32_t)(low + (place - first) * (high - low) + 0.5);
    }
    return rgb;
}
