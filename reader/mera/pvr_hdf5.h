/* pvr_hdf5.h - calling libhdf5 (internal).
 *
 * libhdf5 is not thread-safe as Debian builds it: what calls it does so between pvr_hdf5_begin and
 * pvr_hdf5_end, on one thread. Other code of the process (ParaView's readers) calls it without this
 * lock, from its main thread: our calls stay on the thread that called us, never on the team's.
 * Between the two libhdf5 prints nothing; what it was told to print before is put back at the end.
 */
#ifndef PVR_HDF5_H
#define PVR_HDF5_H

#ifdef __cplusplus
extern "C" {
#endif

struct pvr_hdf5_call {
    void *function, *data; /* how errors were told before */
};

/* The lock is recursive: pairs may stand inside each other. */
void pvr_hdf5_begin(struct pvr_hdf5_call *call);
void pvr_hdf5_end(struct pvr_hdf5_call *call);

#ifdef __cplusplus
}
#endif
#endif
