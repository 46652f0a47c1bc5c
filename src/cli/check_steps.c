/* tapegrad check --steps: the error of a difference against its step, as a drawing. */
#include "check.h"

#include <math.h>

#include "check/steps.h"
#include "explain/text.h"

/* Sizes in the units of the viewBox; the axes in powers of ten. */
enum { WIDTH = 760, HEIGHT = 470, LEFT = 70, RIGHT = 735, TOP = 74, BOTTOM = 410 };
enum { FIRST_STEP = -12, LAST_STEP = 0, LEAST_ERROR = -16, MOST_ERROR = 2 };

static const char style[] =
    "<style>\n"
    "svg{--paper:#fbfaf7;--ink:#1d2126;--soft:#646b74;--line:#e4e1da;--f32:#c95c1c;--f64:#2b64c4;--own:#17805a}\n"
    "@media (prefers-color-scheme:dark){svg{--paper:#14161a;--ink:#e8e6e1;--soft:#9aa1ab;--line:#2d3138;"
    "--f32:#f2a05a;--f64:#7aaaff;--own:#62c996}}\n"
    "text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'Liberation Sans',sans-serif;fill:var(--soft)}\n"
    ".title{font-size:17px;font-weight:600;fill:var(--ink)}.paper{fill:var(--paper)}\n"
    ".grid{stroke:var(--line)}path{fill:none;stroke-width:2;stroke-linejoin:round}\n"
    ".f32{stroke:var(--f32)}.f64{stroke:var(--f64)}.own{stroke:var(--own)}\n"
    "text.f32{stroke:none;fill:var(--f32)}text.f64{stroke:none;fill:var(--f64)}text.own{stroke:none;fill:var(--own)}\n"
    "circle{fill:var(--paper);stroke:var(--own);stroke-width:2.5}.mark{stroke:var(--own);stroke-dasharray:3 4}\n"
    "</style>\n";

static double place_x(double step)
{
    return LEFT + (log10(step) - FIRST_STEP) / (LAST_STEP - FIRST_STEP) * (RIGHT - LEFT);
}

/* An error of 0 stands at the bottom. */
static double place_y(double error)
{
    double power = fmin(MOST_ERROR, fmax(LEAST_ERROR, error > 0 ? log10(error) : LEAST_ERROR));
    return BOTTOM - (power - LEAST_ERROR) / (MOST_ERROR - LEAST_ERROR) * (BOTTOM - TOP);
}

static void draw_power(tg_text *t, double x, double y, const char *anchor, int power)
{
    tg_text_print(
        t,
        "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">10<tspan dy=\"-5\" font-size=\"10\">%d</tspan></text>\n",
        x, y, anchor, power);
}

static void draw_axes(tg_text *t)
{
    for (int power = FIRST_STEP; power <= LAST_STEP; power += 2) {
        double x = place_x(pow(10, power));
        tg_text_print(t, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, TOP,
                      BOTTOM);
        draw_power(t, x, BOTTOM + 20, "middle", power);
    }
    for (int power = LEAST_ERROR; power <= MOST_ERROR; power += 2) {
        double y = place_y(pow(10, power));
        tg_text_print(t, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, RIGHT, y,
                      y);
        draw_power(t, LEFT - 8, y + 4, "end", power);
    }
    tg_text_print(t, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">step h</text>\n", (LEFT + RIGHT) / 2,
                  HEIGHT - 18);
}

static void draw_curve(tg_text *t, const double *step, const double *error, const char *class)
{
    int begun = 0;
    tg_text_print(t, "<path class=\"%s\" d=\"", class);
    for (int i = 0; i < TG_STEPS; i++) {
        if (isfinite(error[i]))
            tg_text_print(t, "%c%.1f %.1f", begun ? 'L' : 'M', place_x(step[i]), place_y(error[i]));
        begun = isfinite(error[i]) != 0; /* a gap where there is no value */
    }
    tg_text_print(t, "\"/>\n");
}

static void draw_legend(tg_text *t)
{
    static const char *const entries[][2] = {{"f32", "central difference in f32"},
                                             {"f64", "central difference in f64"},
                                             {"own", "extrapolated from three steps, f64"}};
    int x = LEFT;
    for (int i = 0; i < 3; i++, x += 208)
        tg_text_print(t,
                      "<path class=\"%s\" d=\"M%d 52h18\"/><text class=\"%s\" x=\"%d\" y=\"56\">%s</text>\n",
                      entries[i][0], x, entries[i][0], x + 24, entries[i][1]);
}

static void draw_chosen(tg_text *t, const tg_check_steps *s)
{
    if (!(s->chosen > 0) || !isfinite(s->chosen_error)) return;
    double x = place_x(s->chosen), y = place_y(s->chosen_error);
    tg_text_print(t, "<line class=\"mark\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", x, x, TOP, BOTTOM);
    tg_text_print(t, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\"/>", x, y);
    tg_text_print(t, "<text class=\"own\" x=\"%.1f\" y=\"%d\" text-anchor=\"end\">chosen: h = %.2g</text>\n",
                  x - 8, TOP + 16, s->chosen);
}

static char *draw(const tg_check_steps *s, const char *of)
{
    tg_text t = {0};
    tg_text_print(
        &t,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
        "aria-label=\"Relative error of differences against the step\">\n%s"
        "<rect class=\"paper\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n"
        "<text class=\"title\" x=\"%d\" y=\"30\">Relative error of the derivative of %s, against the step"
        "</text>\n",
        WIDTH, HEIGHT, style, WIDTH, HEIGHT, LEFT, of);
    draw_axes(&t);
    draw_legend(&t);
    draw_curve(&t, s->step, s->f32, "f32");
    draw_curve(&t, s->step, s->f64, "f64");
    draw_curve(&t, s->step, s->extrapolated, "own");
    draw_chosen(&t, s);
    tg_text_print(&t, "</svg>\n");
    return tg_text_take(&t);
}

int check_steps(const check_request *r, const char *path, const tg_check_options *options)
{
    tg_check_steps steps;
    tg_diag diag;
    if (tg_check_measure_steps(r->y, r->xs, r->n, options, &steps, &diag) != TG_OK)
        return tg_complain(r->program.command, "--steps: %s", diag.message);
    return check_write(r->program.command, path, draw(&steps, r->of));
}
