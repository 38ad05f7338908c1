/* Included once for each instruction set, for which TARGET compiles a function and
   ISA(name) names it. */

typedef float ISA(four) __attribute__((vector_size(16), aligned(4), may_alias));
typedef float ISA(sixteen) __attribute__((vector_size(64), aligned(4), may_alias));

/* Write the image, its central differences and a zero, four floats per pixel, with a
   margin. */
TARGET static void ISA(differentiate)(const float *image, long height, long width,
                                      float *taps)
{
    for (long y = 0; y < height; y++) {
        const float *here = image + y * width;
        const float *above = y > 0 ? here - width : here;
        const float *below = y < height - 1 ? here + width : here;
        float *tap = taps + 4 * ((y + MARGIN) * (width + 2 * MARGIN) + MARGIN);
        for (long x = 0; x < width; x++) {
            long left = x > 0 ? x - 1 : x, right = x < width - 1 ? x + 1 : x;
            tap[4 * x] = here[x];
            tap[4 * x + 1] = 0.5f * (here[right] - here[left]);
            tap[4 * x + 2] = 0.5f * (below[x] - above[x]);
        }
    }
}

/* Compute bicubic weights (Keys, a = -0.75) along one axis, at the positions
   start + slope x + flow[x]. */
TARGET static void ISA(weigh)(long count, float start, float slope, float size,
                              const float *restrict flow, int *restrict cell,
                              float *restrict w0, float *restrict w1,
                              float *restrict w2, float *restrict w3)
{
    const float a = -0.75f;
    for (int x = 0; x < count; x++) {
        float at = start + slope * (float)x + flow[x];
        /* Beyond these limits all four taps are in the margin. */
        at = at < -3 ? -3 : at;
        at = at > size + 2 ? size + 2 : at;
        at += MARGIN;
        int whole = (int)at;
        float t = at - (float)whole, s = 1 - t, p = 1 + t;
        float before = ((a * p - 5 * a) * p + 8 * a) * p - 4 * a;
        float here = ((a + 2) * t - (a + 3)) * t * t + 1;
        float next = ((a + 2) * s - (a + 3)) * s * s + 1;
        cell[x] = whole - 1;
        w0[x] = before;
        w1[x] = here;
        w2[x] = next;
        w3[x] = 1 - before - here - next;
    }
}

/* Compute the data term of one row from the warped image and its gradient, stored as
   (image, x gradient, y gradient, 0). */
TARGET static void ISA(expand)(long width, const float *restrict warped,
                               const float *restrict first, const float *restrict u,
                               const float *restrict v, float *restrict gx,
                               float *restrict gy, float *restrict rho)
{
    for (long x = 0; x < width; x++) {
        gx[x] = warped[4 * x + 1];
        gy[x] = warped[4 * x + 2];
        rho[x] = warped[4 * x] - gx[x] * u[x] - gy[x] * v[x] - first[x];
    }
}

/* Warp the second image by the flow, and linearise it. */
TARGET static void ISA(linearise)(float *planes, long height, long width, long pitch,
                                  const float *first, const float *taps,
                                  float *scratch)
{
    long n = (width + VECTOR - 1) / VECTOR * VECTOR, row_taps = width + 2 * MARGIN;
    float *wx = scratch, *wy = wx + 4 * n, *warped = wy + 4 * n;
    int *column = (int *)(warped + 4 * n), *row = column + n;
    for (long y = 0; y < height; y++) {
        float *m = planes + (1 + y) * PLANES * pitch;
        const float *u = m + U * pitch, *v = m + V * pitch;
        ISA(weigh)(n, 0, 1, width, u, column, wx, wx + n, wx + 2 * n, wx + 3 * n);
        ISA(weigh)(n, y, 0, height, v, row, wy, wy + n, wy + 2 * n, wy + 3 * n);
        for (long x = 0; x < width; x++) {
            const float *tap = taps + 4 * (row[x] * row_taps + column[x]);
            const float *across = wx + x, *down = wy + x;
            /* Four pixels of four floats at once; the rows are summed first. */
            ISA(sixteen) sum = down[0] * *(const ISA(sixteen) *)tap;
            sum += down[n] * *(const ISA(sixteen) *)(tap + 4 * row_taps);
            sum += down[2 * n] * *(const ISA(sixteen) *)(tap + 8 * row_taps);
            sum += down[3 * n] * *(const ISA(sixteen) *)(tap + 12 * row_taps);
            ISA(four) pixel[4];
            __builtin_memcpy(pixel, &sum, sizeof sum);
            *(ISA(four) *)(warped + 4 * x) =
                across[0] * pixel[0] + across[n] * pixel[1] +
                across[2 * n] * pixel[2] + across[3 * n] * pixel[3];
        }
        ISA(expand)(width, warped, first + y * width, u, v, m + GX * pitch,
                    m + GY * pitch, m + RHO * pitch);
    }
}

/* A vector of 4, 8 or 16 pixels. */
typedef float ISA(vector) __attribute__((vector_size(4 * LANES), aligned(4), may_alias));
#define AT(pointer) (*(ISA(vector) *)(pointer))

#ifndef RECIPROCAL
#define PER_LANE(name, expression)                                                   \
    static inline ISA(vector) ISA(name)(ISA(vector) a, ISA(vector) b)                \
    {                                                                                \
        ISA(vector) result;                                                          \
        for (int i = 0; i < LANES; i++)                                              \
            result[i] = expression;                                                  \
        return result;                                                               \
    }
PER_LANE(smaller, a[i] < b[i] ? a[i] : b[i])
PER_LANE(larger, a[i] > b[i] ? a[i] : b[i])
PER_LANE(over_root, a[i] / sqrtf(b[i]))
#define SMALLER ISA(smaller)
#define LARGER ISA(larger)
#define RECIPROCAL(x) (1.0f / (x))
#define INVERSE_ROOT(x) ISA(over_root)((x) * 0 + 1, x)
#endif

/* The dual update (Eq. 14) of a component with these forward differences. 1 / (1 + g)
   is written as 1 - g / (1 + g) because of the fast reciprocal: its error is then a
   small part of a small number where the flow is smooth. */
#define PROJECT(dx, dy, px, py)                                                      \
    do {                                                                             \
        ISA(vector) square = (dx) * (dx) + ((dy) * (dy) + 1e-20f);                   \
        ISA(vector) g = square * INVERSE_ROOT(square) * step;                        \
        ISA(vector) scale = 1.0f - g * RECIPROCAL(1.0f + g); \
        AT(px) = (AT(px) + step * (dx)) * scale;                                     \
        AT(py) = (AT(py) + step * (dy)) * scale;                                     \
    } while (0)

/* Do one iteration of row `m`: its primal update, thresholding (Eq. 15) and divergence
   (Eq. 14), and then the dual update of the row above, which needs the flow below it.
   Return the sum of squared changes, if it is `measured`. */
TARGET static inline float ISA(iterate_row)(long n, long pitch, int measured,
                                            float bound, float theta, float step,
                                            const float *inside, float *m, float *above)
{
    ISA(vector) change = {0}, high = {0};
    high += bound;
    for (long x = 0; x < n; x += LANES, m += LANES, above += LANES) {
        ISA(vector) gx = AT(m + GX * pitch), gy = AT(m + GY * pitch);
        ISA(vector) u = AT(m + U * pitch), v = AT(m + V * pitch);
        ISA(vector) residual = gx * u + (gy * v + AT(m + RHO * pitch));
        ISA(vector) square = gx * gx + (gy * gy + 1e-12f);
        ISA(vector) move = LARGER(-high, SMALLER(high, residual * RECIPROCAL(square)));
        ISA(vector) u_divergence = (AT(m + UX * pitch) - AT(m + UX * pitch - 1)) +
                                   (AT(m + UY * pitch) - AT(above + UY * pitch));
        ISA(vector) v_divergence = (AT(m + VX * pitch) - AT(m + VX * pitch - 1)) +
                                   (AT(m + VY * pitch) - AT(above + VY * pitch));
        ISA(vector) new_u = theta * u_divergence + (u - move * gx);
        ISA(vector) new_v = theta * v_divergence + (v - move * gy);
        if (measured) {
            ISA(vector) du = new_u - u, dv = new_v - v;
            change += AT(inside + x) * (du * du + dv * dv);
        }
        AT(m + U * pitch) = new_u;
        AT(m + V * pitch) = new_v;

        ISA(vector) u_above = AT(above + U * pitch), v_above = AT(above + V * pitch);
        PROJECT(AT(above + U * pitch + 1) - u_above, new_u - u_above,
                above + UX * pitch, above + UY * pitch);
        PROJECT(AT(above + V * pitch + 1) - v_above, new_v - v_above,
                above + VX * pitch, above + VY * pitch);
    }
    float sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += change[i];
    return sum;
}

/* Do `depth` iterations in one sweep over the rows, so that a row is used again while
   it is in the cache: iteration k is 2 k rows behind the first one. Return the last
   iteration's sum of squared changes. */
TARGET static float ISA(sweep)(float *planes, long height, long width, long pitch,
                               float bound, float theta, float step, long depth)
{
    long n = (width + VECTOR - 1) / VECTOR * VECTOR, stride = PLANES * pitch;
    float *end = planes + (1 + height) * stride, sum = 0;
    for (long y = 0; y <= height + 2 * (depth - 1); y++)
        for (long k = 0; k < depth; k++) {
            long row = y - 2 * k;
            if (row < 0 || row > height)
                continue;
            float *m = planes + (1 + row) * stride, *above = m - stride;
            /* Forward differences across the right and the lower border are zero. */
            above[U * pitch + width] = above[U * pitch + width - 1];
            above[V * pitch + width] = above[V * pitch + width - 1];
            if (m == end)
                __builtin_memcpy(m + U * pitch, above + U * pitch,
                                 2 * pitch * sizeof(float));
            /* A dual step of zero keeps the row above the frame unchanged. */
            float dual = row > 0 ? step : 0;
            if (k == depth - 1)
                sum += ISA(iterate_row)(n, pitch, 1, bound, theta, dual, planes, m, above);
            else
                ISA(iterate_row)(n, pitch, 0, bound, theta, dual, planes, m, above);
        }
    return sum;
}

/* Iterate until the flow changes by no more than `still`, but at most `most` times.
   The change is checked after each sweep and, when it is near `still`, after each
   iteration. Return the last iteration's sum of squared changes. */
TARGET static float ISA(iterate)(float *planes, long height, long width, long pitch,
                                 float bound, float theta, float step, float still,
                                 long most)
{
    float change;
    long depth = SWEEP_ITERATIONS;
    do {
        depth = depth < most ? depth : most;
        change = ISA(sweep)(planes, height, width, pitch, bound, theta, step, depth);
        most -= depth;
        depth = change > 1.5f * still ? SWEEP_ITERATIONS : 1;
    } while (most > 0 && change > still);
    return change;
}

#ifdef MEDIAN
#define SORT(a, b)                                                                   \
    do {                                                                             \
        ISA(vector) smaller = SMALLER(a, b);                                         \
        b = LARGER(a, b);                                                            \
        a = smaller;                                                                 \
    } while (0)
#define SORT_FIVE(a)                                                                 \
    SORT(a[0], a[1]); SORT(a[3], a[4]); SORT(a[2], a[4]); SORT(a[2], a[3]);          \
    SORT(a[1], a[4]); SORT(a[0], a[3]); SORT(a[0], a[2]); SORT(a[1], a[3]);          \
    SORT(a[1], a[2])

/* Filter a plane with the median of 5 x 5 pixels, in place; the border is repeated
   outwards. Each column of five pixels is sorted once, for the five windows that it is
   in. Then the rows of the sorted columns are sorted; after that only 13 values can be
   the median, and 17 exchanges find it. They are a sorting network without the
   exchanges that the order of rows and columns makes superfluous. */
TARGET static void ISA(median)(float *plane, long height, long width, long stride,
                               float *scratch)
{
    long n = (width + VECTOR - 1) / VECTOR * VECTOR, pitch = n + 2 * VECTOR;
    float *kept = scratch, *sorted = scratch + 3 * pitch + VECTOR;
    for (long y = 0; y < height; y++) {
        /* The unfiltered values of this row and the two above. */
        __builtin_memcpy(kept + y % 3 * pitch, plane + y * stride, n * sizeof(float));
        const float *rows[5];
        for (long i = 0; i < 5; i++) {
            long row = y + i - 2;
            row = row < 0 ? 0 : row > height - 1 ? height - 1 : row;
            rows[i] = row > y ? plane + row * stride : kept + row % 3 * pitch;
        }
        for (long x = 0; x < n; x += LANES) {
            ISA(vector) a[5];
            for (int i = 0; i < 5; i++)
                a[i] = AT(rows[i] + x);
            SORT_FIVE(a);
            for (int i = 0; i < 5; i++)
                AT(sorted + i * pitch + x) = a[i];
        }
        for (int i = 0; i < 5; i++) {
            float *line = sorted + i * pitch;
            line[-2] = line[-1] = line[0];
            line[width] = line[width + 1] = line[width - 1];
        }
        for (long x = 0; x < n; x += LANES) {
            ISA(vector) r[5][5];
            for (int i = 0; i < 5; i++) {
                for (int j = 0; j < 5; j++)
                    r[i][j] = AT(sorted + i * pitch + x + j - 2);
                SORT_FIVE(r[i]);
            }
            SORT(r[2][1], r[1][2]); SORT(r[0][3], r[3][0]); SORT(r[3][1], r[0][4]);
            SORT(r[2][2], r[4][0]); SORT(r[1][2], r[3][0]); SORT(r[3][1], r[2][2]);
            SORT(r[0][4], r[4][0]); SORT(r[1][3], r[3][2]); SORT(r[1][4], r[2][3]);
            SORT(r[0][4], r[2][2]); SORT(r[1][3], r[4][1]); SORT(r[3][0], r[0][4]);
            SORT(r[0][4], r[2][2]); SORT(r[0][4], r[1][4]); SORT(r[3][0], r[0][4]);
            SORT(r[2][2], r[1][3]); SORT(r[0][4], r[2][2]);
            AT(plane + y * stride + x) = r[2][2];
        }
    }
}
#undef SORT
#undef SORT_FIVE
#undef MEDIAN
#endif

#undef ISA
#undef TARGET
#undef LANES
#undef SMALLER
#undef LARGER
#undef RECIPROCAL
#undef INVERSE_ROOT
#undef AT
#undef PROJECT
