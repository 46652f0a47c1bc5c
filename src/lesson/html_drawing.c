/* The drawing of a lesson: boxes on a grid, and arrows that run between them and never across. */
#include <stdlib.h>

#include "explain/math.h"
#include "format.h"
#include "html.h"
#include "text_layout.h"

/* In pixels: a box, the distance from box to box, the edge. */
enum {
    WIDTH = 92,
    HEIGHT = 50,
    ACROSS = 134,
    DOWN = 82,
    EDGE = 8,
    HEAD = 8,
    ROUND = 8,
    LANE = 7,
    LONG_NAME = 10
};

typedef struct point {
    int x, y;
} point;

/* ---- Places ------------------------------------------------------------------------------------------- */

static point middle(int column, int row)
{
    return (point){EDGE + WIDTH / 2 + column * ACROSS, EDGE + HEIGHT / 2 + row * DOWN};
}

static int sign(int n)
{
    return (n > 0) - (n < 0);
}

static int occupied(const tg_lesson_view *v, int column, int row)
{
    for (int i = 0; i < v->n_boxes; i++)
        if (v->boxes[i].column == column && v->boxes[i].row == row) return 1;
    return 0;
}

/* Whether nothing lies strictly between two cells of a row or a column. */
static int clear(const tg_lesson_view *v, int column, int row, int to_column, int to_row)
{
    int across = sign(to_column - column), down = sign(to_row - row);
    for (;;) {
        column += across;
        row += down;
        if (column == to_column && row == to_row) return 1;
        if (occupied(v, column, row)) return 0;
    }
}

/* ---- Arrows ------------------------------------------------------------------------------------------- */

typedef struct route {
    point at[6];
    int n;
} route;

static void turn(route *r, int x, int y)
{
    r->at[r->n++] = (point){x, y};
}

/* Out at a side, along the lane beside the column, in at a side; `far` goes along the channel beside the target's row
 * too. Lanes and channels lie between the boxes; `shift` keeps different arrows apart. */
static void bend(route *r, const tg_lesson_box *from, const tg_lesson_box *to, int reverse, int shift)
{
    int side = from->column <= to->column ? 1 : -1, columns = abs(to->column - from->column);
    int down = sign(to->row - from->row), over = down != 0 ? down : reverse ? 1 : -1;
    point a = middle(from->column, from->row), b = middle(to->column, to->row);
    int leave = a.y + over * HEIGHT / 4, enter = b.y + (down != 0 ? -down : over) * HEIGHT / 4;
    int lane = a.x + side * ACROSS / 2 + shift, enter_side = columns == 0 ? 1 : -side;
    turn(r, a.x + side * WIDTH / 2, leave);
    turn(r, lane, leave);
    if (columns > 1) {
        int channel = b.y + (down != 0 ? -down : over) * DOWN / 2 + shift / 2;
        lane = b.x - side * ACROSS / 2 + shift;
        turn(r, r->at[1].x, channel);
        turn(r, lane, channel);
    }
    turn(r, lane, enter);
    turn(r, b.x + enter_side * WIDTH / 2, enter);
}

static route find_route(const tg_lesson_view *v, const tg_lesson_arrow *arrow)
{
    const tg_lesson_box *from = &v->boxes[arrow->from], *to = &v->boxes[arrow->to];
    point a = middle(from->column, from->row), b = middle(to->column, to->row);
    int across = sign(to->column - from->column), down = sign(to->row - from->row);
    int straight = (across == 0) != (down == 0) && clear(v, from->column, from->row, to->column, to->row);
    int corner = across != 0 && down != 0 && !occupied(v, from->column, to->row) &&
                 clear(v, from->column, from->row, from->column, to->row) &&
                 clear(v, from->column, to->row, to->column, to->row);
    route r = {.n = 0};
    if (straight) {
        turn(&r, a.x + across * WIDTH / 2, a.y + down * HEIGHT / 2);
        turn(&r, b.x - across * WIDTH / 2, b.y - down * HEIGHT / 2);
    } else if (corner) {
        turn(&r, a.x, a.y + down * HEIGHT / 2);
        turn(&r, a.x, b.y);
        turn(&r, b.x - across * WIDTH / 2, b.y);
    } else {
        bend(&r, from, to, arrow->reverse, (arrow->to % 3 - 1) * LANE);
    }
    return r;
}

/* The point `distance` before `to` on the way from `from`. */
static point before(point from, point to, int distance)
{
    int length = abs(to.x - from.x) + abs(to.y - from.y);
    if (distance > length / 2) distance = length / 2;
    return (point){to.x - sign(to.x - from.x) * distance, to.y - sign(to.y - from.y) * distance};
}

static void draw_arrow(tg_text *out, const tg_lesson_view *v, const tg_lesson_arrow *arrow)
{
    route r = find_route(v, arrow);
    point tip = r.at[r.n - 1];
    int x = sign(tip.x - r.at[r.n - 2].x), y = sign(tip.y - r.at[r.n - 2].y);
    tip.x -= x;
    tip.y -= y;
    r.at[r.n - 1] = (point){tip.x - x * HEAD, tip.y - y * HEAD};
    tg_text_print(out, "<g class=\"arrow %s\" data-to=\"%d\"><path d=\"M%d %d",
                  arrow->reverse ? "reverse" : "forward", v->boxes[arrow->to].step, r.at[0].x, r.at[0].y);
    for (int i = 1; i < r.n - 1; i++) {
        point in = before(r.at[i - 1], r.at[i], ROUND), after = before(r.at[i + 1], r.at[i], ROUND);
        tg_text_print(out, "L%d %dQ%d %d %d %d", in.x, in.y, r.at[i].x, r.at[i].y, after.x, after.y);
    }
    point end = r.at[r.n - 1];
    tg_text_print(out, "L%d %d\"/><path class=\"head\" d=\"M%d %dL%d %dL%d %dZ\"/></g>\n", end.x, end.y,
                  tip.x, tip.y, end.x - y * HEAD / 2, end.y - x * HEAD / 2, end.x + y * HEAD / 2,
                  end.y + x * HEAD / 2);
}

/* ---- Boxes -------------------------------------------------------------------------------------------- */

static void draw_box(tg_text *out, const tg_lesson_view *v, const tg_lesson_box *box, int view)
{
    point at = middle(box->column, box->row);
    int x = at.x - WIDTH / 2, y = at.y - HEIGHT / 2, given = box->step < 0;
    const tg_lesson_step *s = given ? NULL : &v->steps[box->step];
    int reverse = !given && (s->phase == TG_LESSON_BACKWARD || s->phase == TG_LESSON_GRADIENT);
    tg_text name = {0};
    if (box->symbol != NULL) tg_math_text(&name, box->symbol);
    char *text = tg_text_take(&name);
    if (text == NULL) out->failed = 1;
    int is_long = text != NULL && tg_text_columns(text) > LONG_NAME;
    if (given)
        tg_lesson_add(out, "<g class=\"box given\"><title>");
    else
        tg_text_print(out, "<a class=\"box %s\" href=\"#v%d-s%d\" data-step=\"%d\"><title>Step %d: ",
                      reverse ? "reverse" : "forward", view, box->step, box->step, box->step + 1);
    tg_html_text(out, text);
    tg_text_free(text);
    if (given) tg_lesson_add(out, ", given");
    tg_text_print(out, "</title><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"9\"/>", x, y, WIDTH,
                  HEIGHT);
    tg_text_print(out, "<foreignObject x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"><div%s>", x, y, WIDTH,
                  HEIGHT, is_long ? " class=\"long\"" : "");
    tg_html_math(out, box->symbol, 0);
    tg_text_print(out, "</div></foreignObject></%s>\n", given ? "g" : "a");
}

void tg_html_drawing(tg_text *out, const tg_lesson_view *v, int view)
{
    if (v->n_boxes == 0) return;
    int columns = 0, rows = 0;
    for (int i = 0; i < v->n_boxes; i++) {
        if (v->boxes[i].column >= columns) columns = v->boxes[i].column + 1;
        if (v->boxes[i].row >= rows) rows = v->boxes[i].row + 1;
    }
    int width = (columns - 1) * ACROSS + WIDTH + 2 * EDGE, height = (rows - 1) * DOWN + HEIGHT + 2 * EDGE;
    tg_lesson_add(out, "<figure class=\"card drawing\">\n<div class=\"scroll\">\n");
    tg_text_print(
        out,
        "<svg viewBox=\"0 0 %d %d\" style=\"--w:%dpx\" role=\"group\" aria-label=\"The quantities and "
        "what each is computed from\">\n",
        width, height, width);
    for (int i = 0; i < v->n_arrows; i++) draw_arrow(out, v, &v->arrows[i]);
    for (int i = 0; i < v->n_boxes; i++) draw_box(out, v, &v->boxes[i], view);
    tg_lesson_add(
        out,
        "</svg>\n</div>\n<figcaption><span><i class=\"forward\"></i>forward pass</span> <span><i class=\"reverse\"></i>reverse pass</span> <span><i class=\"given\"></i>given</span></figcaption>\n</figure>\n");
}
