/* The look of the page: light and dark, wide and narrow. */
#include "explain/page_style.h"
#include "report.h"

/* Pictures are dark on white. */
static const char pictures[] = "@media (prefers-color-scheme:dark){.picture{filter:invert(1)}}\n";

static const char blocks[] =
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(9.5rem,1fr));gap:.9rem;margin:1.8rem 0 0}\n"
    ".tile{background:var(--card);border:1px solid var(--line);border-radius:.7rem}\n"
    ".tile{padding:.9rem 1.1rem}.tile b{display:block;font-size:1.75rem;line-height:1.2;font-weight:650;"
    "letter-spacing:-.02em;font-variant-numeric:tabular-nums}.tile span{font-size:.85rem;color:var(--soft)}\n"
    ".pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,24rem),1fr));gap:1rem;"
    "margin-top:.9rem;align-items:start}\n"
    "footer{margin-top:3.5rem;padding-top:1rem;border-top:1px solid var(--line);font-size:.85rem;color:var(--soft)}\n"
    "pre i{color:var(--note)}pre b{color:rgb(var(--one));font-weight:600}\n";

static const char tables[] =
    "table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums;width:100%}\n"
    "th{font-weight:600;font-size:.8rem;color:var(--soft);text-align:left;vertical-align:bottom}\n"
    "th,td{padding:.36rem .8rem .36rem 0;border-bottom:1px solid var(--line);white-space:nowrap}\n"
    "tr:last-child>td,tr:last-child>th{border-bottom:0}.n{text-align:right}th:last-child,td:last-child{"
    "padding-right:0}\n"
    ".meter{display:inline-block;width:3.6rem;height:.42rem;border-radius:.21rem;margin-right:.6rem;"
    "vertical-align:.12em;background:linear-gradient(to right,rgb(var(--one)) calc(var(--v)*100%),var(--line) 0)}\n"
    ".share{display:inline-block;min-width:4.3em}td.mono{font-size:.84rem}\n"
    ".matrix{border-collapse:separate;border-spacing:2px;width:auto;margin:0 auto}\n"
    ".matrix td,.matrix th{border:0;padding:0 .3rem;text-align:center;vertical-align:middle;height:2.05rem;min-width:2.05rem}\n"
    ".matrix td{border-radius:.25rem;background:rgb(var(--c)/calc(.06 + .9*var(--v)));--c:var(--two)}\n"
    ".matrix td.right{--c:var(--one)}.matrix td.zero{background:none;color:var(--line)}\n"
    ".matrix td.full{color:var(--card)}.matrix .axis{font-weight:400}\n"
    ".matrix th.row{text-align:right;padding-right:.6rem}\n"
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:0}dt{color:var(--soft)}"
    "dd{margin:0;overflow-wrap:anywhere}\n";

static const char figures[] =
    "svg{display:block;width:100%;height:auto;overflow:visible}\n"
    "svg text{font:12.5px system-ui,'Segoe UI',Roboto,'Liberation Sans',sans-serif;fill:var(--soft);"
    "font-variant-numeric:tabular-nums}\n"
    ".grid{stroke:var(--line);stroke-width:1}.curve{fill:none;stroke-width:2.2;stroke-linejoin:round;"
    "stroke-linecap:round}\n"
    ".one{stroke:rgb(var(--one))}.two{stroke:rgb(var(--two))}\n"
    "circle.one,rect.one,i.one{fill:rgb(var(--one));background:rgb(var(--one));stroke:none}\n"
    "circle.two,rect.two,i.two{fill:rgb(var(--two));background:rgb(var(--two));stroke:none}\n"
    ".legend{float:right;font-size:.85rem;font-weight:400;color:var(--soft)}.legend i{display:inline-block;"
    "width:.9rem;height:.22rem;border-radius:.1rem;margin:0 .4rem 0 .9rem;vertical-align:.22em}\n"
    ".gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(5.2rem,1fr));gap:1rem;margin-top:1rem}\n"
    "figure{margin:0}.picture{display:block;width:100%;image-rendering:pixelated;border-radius:.35rem}\n"
    ".frame{border:1px solid var(--line);border-radius:.4rem;overflow:hidden}\n"
    "figcaption{font-size:.82rem;line-height:1.35;margin-top:.35rem}figcaption b{color:rgb(var(--bad));"
    "font-weight:600}figcaption span{color:var(--ink)}\n"
    "@media (max-width:34rem){main{padding:1.8rem 1rem 3rem}.card{padding:.9rem}.tile{padding:.7rem .9rem}"
    ".tile b{font-size:1.45rem}.tiles{grid-template-columns:1fr 1fr}.matrix td,.matrix th{height:1.65rem;"
    "min-width:1.55rem;padding:0 .12rem;font-size:.8rem}.meter{display:none}}\n"
    "@media print{.card,.tile,figure{break-inside:avoid}}\n";

void report_style(FILE *to)
{
    fputs("<style>\n", to);
    fputs(tg_page_colours, to);
    fputs(tg_page_text, to);
    fputs(pictures, to);
    fputs(blocks, to);
    fputs(tables, to);
    fputs(figures, to);
    fputs("</style>\n", to);
}
