/*
 * pvr_gen_text.h - writes the text files of an output: info, header and hydro descriptor.
 */
#ifndef PVR_GEN_TEXT_H
#define PVR_GEN_TEXT_H

#include "pvr_gen_write.h"

#define GEN_TIME 0.01 /* of the output, in code units */

/* Returns 0, or -1 after a message on stderr. */
int gen_text_write(const gen_tree *tree, const gen_model *model, const gen_output *output,
                   uint32_t ngridmax);

#endif
