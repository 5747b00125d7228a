/* A Jupyter notebook as a Python script, as `berth pai notebook` submits it. */
#ifndef BERTH_OPENPAI_NOTEBOOK_H
#define BERTH_OPENPAI_NOTEBOOK_H

#include "berth/io.h"
#include "berth/json.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Reads a notebook (nbformat 4: cells; 3: the first worksheet's cells) and writes a script: code cells in
 * their order, parted by empty lines; other cells as comments; lines that begin with % or ! as calls of
 * IPython, so do cells that begin with %% . Outputs and attachments of any size pass by. NOTEBOOK is read
 * once, an old one twice: it must be able to rewind for that. It must not answer "would block". WORK: half of
 * it holds one cell's source as it stands in the file, half the same unescaped. BERTH_E_SPACE when a cell
 * does not fit, BERTH_E_MISSING or BERTH_E_TYPE for what is no notebook, the source's and the sink's own, or
 * as berth_json_check(); *OUT_ERROR (may be NULL) then says where and why. The sink has got a part of the
 * script by then. */
enum berth_status berth_openpai_notebook_script(const struct berth_source *notebook,
                                                const struct berth_sink *script, void *work, size_t work_size,
                                                struct berth_json_error *out_error) BERTH_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
