/* The loops of TV-L1 over pixels (Zach, Pock, Bischof, DAGM 2007), for one thread.
   `solver.py` calls them, and `jitted.py` computes the same if there is no C compiler.

   A level of the pyramid is stored in `planes`, (1 + height + 1, PLANES, pitch) floats.
   The rows of the nine fields are next to each other, so that memory is read as one
   stream. The first row is above the frame: it is zero, except in the first plane,
   where ones mark the columns of the frame. `pitch` is the width rounded up to whole
   vectors, plus one vector. Loops run over whole vectors; the values that they write to
   the right of the frame are finite and never used for a pixel inside it. */

#include <math.h>

#define VECTOR 16
#define PLANES 9
#define MARGIN 5  /* pixels around the image in `taps`, all zero */
#define SWEEP_ITERATIONS 4  /* more cost less each, but overshoot the stop */

enum { GX, GY, RHO, U, V, UX, UY, VX, VY };

#if defined(__x86_64__)
#include <immintrin.h>

#define ISA(name) name##_avx512
#define TARGET __attribute__((target("avx512f,fma,prefer-vector-width=512")))
#define LANES 16
#define SMALLER _mm512_min_ps
#define LARGER _mm512_max_ps
#define RECIPROCAL _mm512_rcp14_ps
#define INVERSE_ROOT _mm512_rsqrt14_ps
#define MEDIAN /* faster than OpenCV's only with 32 registers */
#include "rows.h"

#define ISA(name) name##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define SMALLER _mm256_min_ps
#define LARGER _mm256_max_ps
#define RECIPROCAL _mm256_rcp_ps
#define INVERSE_ROOT _mm256_rsqrt_ps
#include "rows.h"

#define ISA(name) name##_baseline
#define TARGET
#define LANES 4
#define SMALLER _mm_min_ps
#define LARGER _mm_max_ps
#define RECIPROCAL _mm_rcp_ps
#define INVERSE_ROOT _mm_rsqrt_ps
#include "rows.h"

#else
/* Other processors: the same in plain C, which compilers vectorise. */
#define ISA(name) name##_baseline
#define TARGET
#define LANES 4
#include "rows.h"
#endif

/* One build serves all machines of a cluster: each uses what its processor supports. */
#if defined(__x86_64__)
#define DISPATCH(name, ...)                                                       \
    (__builtin_cpu_supports("avx512f")                                            \
         ? name##_avx512(__VA_ARGS__)                                             \
         : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")        \
               ? name##_avx2(__VA_ARGS__)                                         \
               : name##_baseline(__VA_ARGS__))
#else
#define DISPATCH(name, ...) name##_baseline(__VA_ARGS__)
#endif

void differentiate(const float *image, long height, long width, float *taps)
{
    DISPATCH(differentiate, image, height, width, taps);
}

void linearise(float *planes, long height, long width, long pitch, const float *first,
               const float *taps, float *scratch)
{
    DISPATCH(linearise, planes, height, width, pitch, first, taps, scratch);
}

float iterate(float *planes, long height, long width, long pitch, float bound,
              float theta, float step, float still, long most)
{
    return DISPATCH(iterate, planes, height, width, pitch, bound, theta, step, still,
                    most);
}

/* Return whether the median was computed; not all processors have one that is faster
   than OpenCV's. */
int median(float *plane, long height, long width, long stride, float *scratch)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f")) {
        median_avx512(plane, height, width, stride, scratch);
        return 1;
    }
#endif
    return 0;
}
