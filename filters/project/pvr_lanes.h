/* pvr_lanes.h - four doubles at a time (internal): the compiler makes of them what the processor
 * has.
 *
 * Functions that use these are INLINE, and in one that has the attribute TARGET_AVX2 they become
 * instructions of AVX2, which is called where the processor has it: HAS_AVX2(). Without fused
 * multiplications, results are the same bits either way.
 */
#ifndef PVR_LANES_H
#define PVR_LANES_H

enum { LANES = 4 };

typedef double lanes __attribute__((vector_size(32), aligned(8), may_alias));
typedef long long mask __attribute__((vector_size(32), aligned(8), may_alias));
typedef int ints __attribute__((vector_size(16), aligned(4), may_alias));

#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#define PVR_HAVE_AVX2 1
#define TARGET_AVX2 __attribute__((target("avx2")))
#define HAS_AVX2() (__builtin_cpu_supports("avx2") != 0)
#else
#define HAS_AVX2() false
#endif

#ifdef __clang__
#define MIX(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define MIX(a, b, ...) __builtin_shuffle(a, b, (mask){__VA_ARGS__})
#endif

#define LOAD(array) (*(const lanes *)(array))
#define SPREAD(x) ((lanes){(x), (x), (x), (x)})
#define ONLY(which, a) ((lanes)((which) & (mask)(a)))
#define PICK(which, a, b) ((lanes)(((which) & (mask)(a)) | (~(which) & (mask)(b))))
#define LARGER(a, b) PICK((a) > (b), a, b)
#define SMALLER(a, b) PICK((a) < (b), a, b)
#define WHOLE(v) __builtin_convertvector(v, ints)
#define REAL(v) __builtin_convertvector(v, lanes)

/* Rows become columns. */
#define TRANSPOSE(v)                                                                               \
    do {                                                                                           \
        const lanes a_ = MIX(v[0], v[1], 0, 4, 2, 6), b_ = MIX(v[0], v[1], 1, 5, 3, 7);            \
        const lanes c_ = MIX(v[2], v[3], 0, 4, 2, 6), d_ = MIX(v[2], v[3], 1, 5, 3, 7);            \
        v[0] = MIX(a_, c_, 0, 1, 4, 5);                                                            \
        v[1] = MIX(b_, d_, 0, 1, 4, 5);                                                            \
        v[2] = MIX(a_, c_, 2, 3, 6, 7);                                                            \
        v[3] = MIX(b_, d_, 2, 3, 6, 7);                                                            \
    } while (0)

#endif
