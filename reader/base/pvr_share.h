/* pvr_share.h - which processors are this process's, and which belong to the ranks beside it
 * (internal).
 *
 * Under MPI a node runs several ranks. A launcher that binds leaves each of them its own affinity
 * mask; one that does not leaves each the whole node, and if every rank took all of it there would
 * be as many threads per processor as ranks. How many ranks a node has stands in the environment
 * that the launcher made: Open MPI OMPI_COMM_WORLD_LOCAL_SIZE, MPICH and Intel MPI MPI_LOCALNRANKS,
 * MVAPICH2 MV2_COMM_WORLD_LOCAL_SIZE, Cray PALS PALS_LOCAL_SIZE, Slurm's srun
 * SLURM_STEP_TASKS_PER_NODE.
 */
#ifndef PVR_SHARE_H
#define PVR_SHARE_H

#include <sched.h>
#include <stdbool.h>

/* What a node has, in processors. */
struct pvr_node {
    int mask;  /* in this process's affinity mask */
    int whole; /* that this job may use on the node: online, and in its cpuset */
    int quota; /* that the cgroup's quota of time is worth, rounded up; shared by the ranks */
};

/* The node as the system tells it. */
struct pvr_node pvr_node_find(void);

struct pvr_share {
    int threads; /* of this rank, at least 1 */
    int ranks;   /* on this node; 1 if no launcher says otherwise */
    int rank;    /* of this process among them, from 0; -1: not known */
};

/* The share of this rank: its mask, but no more than the node's processors divided by its ranks.
 * OMP_NUM_THREADS, else SLURM_CPUS_PER_TASK, is how many a person or a batch system wants per rank:
 * then that number, if the mask and the quota have so many. `variable` gives the environment, as
 * getenv does. */
struct pvr_share pvr_share_find(const struct pvr_node *node, char *(*variable)(const char *name));

/* Ranks on this node as this process's own environment tells, at least 1. */
int pvr_share_ranks(void);

/* Chooses the processor that thread number `thread` is bound to; false if it is not to be bound:
 * the mask is shared with other ranks, and which part of it is this one's is not known. A mask of
 * no more processors than the share is this rank's own (the launcher bound it); of a whole node
 * each rank takes its part by its number. */
bool pvr_share_processor(const struct pvr_share *share, const struct pvr_node *node,
                         const cpu_set_t *mask, int thread, int *processor);

#endif
