/* Curves as SVG. */
#include <inttypes.h>
#include <math.h>

#include "report.h"

/* Sizes in the units of the viewBox. */
enum { WIDTH = 460, HEIGHT = 270, LEFT = 50, RIGHT = 450, TOP = 10, BOTTOM = 230, POINTS = 500, TICKS = 5 };

typedef struct scale {
    double low, high; /* of y, or of its logarithm */
    int logarithmic;
} scale;

/* The smallest of 1, 2, 5, 10, … times a power of ten that is at least `step`. */
static double nice(double step)
{
    double power = pow(10, floor(log10(step))), rest = step / power;
    return power * (rest <= 1 ? 1 : rest <= 2 ? 2 : rest <= 5 ? 5 : 10);
}

/* Finite values of all the lines. */
static int find_range(const report_chart *c, double *low, double *high)
{
    *low = (double)INFINITY;
    *high = -(double)INFINITY;
    for (int k = 0; k < c->n_lines; k++)
        for (int64_t i = 0; i < c->n; i++)
            if (isfinite(c->lines[k].y[i])) {
                *low = fmin(*low, c->lines[k].y[i]);
                *high = fmax(*high, c->lines[k].y[i]);
            }
    return *low <= *high;
}

/* From 0, or down from 1 for shares; logarithmic where the largest value hides the rest. */
static scale make_scale(const report_chart *c, double low, double high)
{
    if (c->percent) {
        double step = nice(fmax(1 - low, 0.05) / TICKS);
        return (scale){1 - step * ceil(fmax(1 - low, 0.05) / step - 1e-9), 1, 0};
    }
    if (low > 0 && high > 40 * low) return (scale){log10(low), log10(high), 1};
    if (low > 0) low = 0;
    if (high <= low) high = low + 1;
    double step = nice((high - low) / TICKS);
    return (scale){step * floor(low / step), step * ceil(high / step - 1e-9), 0};
}

static double y_place(const scale *s, double y)
{
    double value = s->logarithmic ? log10(y) : y;
    double share = s->high > s->low ? (value - s->low) / (s->high - s->low) : 0.5;
    return BOTTOM - share * (BOTTOM - TOP);
}

static double x_place(const report_chart *c, double i)
{
    return c->n == 1 ? (LEFT + RIGHT) / 2.0 : LEFT + i / (double)(c->n - 1) * (RIGHT - LEFT);
}

static void draw_y_tick(FILE *to, const report_chart *c, const scale *s, double value)
{
    double y = y_place(s, value);
    fprintf(to, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, RIGHT, y, y);
    fprintf(to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g%s</text>\n", LEFT - 8, y + 4,
            c->percent            ? 100 * value
            : fabs(value) < 1e-12 ? 0.0
                                  : value,
            c->percent ? " %" : "");
}

static void draw_y_axis(FILE *to, const report_chart *c, const scale *s)
{
    if (!s->logarithmic) {
        double step = nice((s->high - s->low) / TICKS);
        for (int i = 0; s->low + i * step <= s->high + step * 1e-6; i++)
            draw_y_tick(to, c, s, s->low + i * step);
        return;
    }
    static const double parts[] = {1, 2, 5};
    int decades = (int)ceil(s->high - s->low), every = decades / 8 + 1;
    for (int d = (int)floor(s->low); d <= (int)ceil(s->high); d += every)
        for (int k = 0; k < (decades <= 2 ? 3 : 1); k++) {
            double value = parts[k] * pow(10, d);
            if (log10(value) >= s->low - 1e-9 && log10(value) <= s->high + 1e-9) draw_y_tick(to, c, s, value);
        }
}

static void draw_x_axis(FILE *to, const report_chart *c)
{
    int64_t last = c->first + c->n - 1;
    int64_t step = c->n <= 6 ? 1 : (int64_t)nice((double)c->n / 6);
    for (int64_t e = (c->first + step - 1) / step * step; e <= last; e += step)
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%" PRId64 "</text>",
                x_place(c, (double)(e - c->first)), BOTTOM + 20, e);
    fprintf(to, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">epoch</text>\n", (LEFT + RIGHT) / 2,
            HEIGHT - 2);
}

static void draw_line(FILE *to, const report_chart *c, const scale *s, const report_line *line)
{
    int64_t every = c->n / POINTS + 1, end = -1;
    int begun = 0;
    fprintf(to, "<path class=\"curve %s\" d=\"", line->style);
    for (int64_t i = 0; i < c->n; i++) {
        if ((i % every != 0 && i != c->n - 1) || !isfinite(line->y[i])) continue;
        fprintf(to, "%c%.1f %.1f", begun ? 'L' : 'M', x_place(c, (double)i), y_place(s, line->y[i]));
        begun = 1;
        end = i;
    }
    fputs("\"/>", to);
    if (end >= 0)
        fprintf(to, "<circle class=\"%s\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.6\"/>\n", line->style,
                x_place(c, (double)end), y_place(s, line->y[end]));
}

void report_draw(FILE *to, const report_chart *c)
{
    double low, high;
    if (!find_range(c, &low, &high)) return;
    scale s = make_scale(c, low, high);
    fputs("<div class=\"card\"><h3>", to);
    if (c->n_lines > 1) {
        fputs("<span class=\"legend\">", to);
        for (int k = 0; k < c->n_lines; k++)
            fprintf(to, "<i class=\"%s\"></i>%s", c->lines[k].style, c->lines[k].name);
        fputs("</span>", to);
    }
    fprintf(to, "%s%s</h3>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s by epoch\">\n", c->title,
            s.logarithmic ? ", logarithmic" : "", WIDTH, HEIGHT, c->title);
    draw_y_axis(to, c, &s);
    draw_x_axis(to, c);
    for (int k = 0; k < c->n_lines; k++) draw_line(to, c, &s, &c->lines[k]);
    fputs("</svg></div>\n", to);
}
