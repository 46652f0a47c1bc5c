/* The look of a lesson's page: light and dark, wide and narrow, on the screen and on paper. */
#include "explain/page_style.h"
#include "format.h"
#include "html.h"

/* The first pass is blue, the second orange, as numbers above and below zero are. */
static const char page[] =
    ".forward{--c:var(--one)}.reverse{--c:var(--two)}.given{--c:122 130 144}\n"
    "header p{margin:.2rem 0;overflow-wrap:anywhere}h2{margin-top:2.4rem}h3{margin:2.2rem 0 .7rem}.card h3{margin-top:0}\n"
    "a{color:rgb(var(--one))}:focus-visible{outline:2px solid rgb(var(--one));outline-offset:2px}\n"
    "math{font-family:'Latin Modern Math','STIX Two Math','Cambria Math',math;font-size:1.12em}\n"
    "p,li,dd,h2{overflow-wrap:anywhere}ul{padding-left:1.2rem;max-width:46rem}li{margin:.3rem 0}\n"
    ".first{display:flex;flex-wrap:wrap;gap:1rem;align-items:flex-start;margin-top:1.4rem}"
    ".first .card{flex:1 1 24rem}.first .card+.card{flex:0 1 17rem}\n"
    "dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.45rem 1.2rem;margin:0;align-items:baseline}\n"
    "dt{color:var(--soft);font-size:.88rem;max-width:12rem;overflow-wrap:anywhere}dd{margin:0}\n"
    ".whole{white-space:nowrap}.equations math{display:inline math}.equations dd{padding:.15rem 0;overflow-y:hidden}.names dt{color:inherit}\n"
    ".names{grid-template-columns:repeat(auto-fill,max-content 4.5rem)}\n"
    ".badge{display:inline-block;font-size:.76rem;font-weight:600;line-height:1.5;padding:0 .55rem;border-radius:1rem;"
    "letter-spacing:0;text-transform:none;white-space:nowrap;border:1px solid}\n"
    ".badge.good{color:rgb(var(--good));background:rgb(var(--good)/.1)}\n"
    ".badge.bad{color:rgb(var(--bad));background:rgb(var(--bad)/.1)}\n"
    ".badge.open{color:var(--soft);background:none;border-style:dashed}\n"
    ".verdicts{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.5rem 1.6rem;max-width:none;align-items:center}"
    ".verdicts li{display:flex;gap:.55rem;align-items:center;margin:0}\n"
    ".slips{padding-left:1.2rem}.program{margin-top:3rem}\n";

static const char convention[] =
    ".switch{border:0;padding:0;margin:1.6rem 0 0;display:flex;flex-wrap:wrap;gap:.4rem;min-width:0}\n"
    ".switch legend{float:left;padding:.35rem .8rem .35rem 0;color:var(--soft);font-size:.9rem}\n"
    ".switch input{position:absolute;opacity:0;width:1px;height:1px}\n"
    ".switch label{padding:.3rem .95rem;border:1px solid var(--line);border-radius:2rem;background:var(--card);"
    "cursor:pointer;font-size:.92rem}.switch label:hover{border-color:rgb(var(--one))}\n"
    ".switch input:checked+label{background:rgb(var(--one));border-color:rgb(var(--one));color:var(--card);"
    "font-weight:600}\n"
    ".switch input:focus-visible+label{outline:2px solid rgb(var(--one));outline-offset:2px}\n";

static const char steps[] =
    ".steps{list-style:none;padding:0;margin:1rem 0 0;max-width:none;display:grid;gap:1rem;"
    "grid-template-columns:minmax(0,1fr)}\n"
    ".step{margin:0;padding:1.3rem 1.5rem 1.4rem;scroll-margin-top:5rem}.step:target{border-color:rgb(var(--one))}\n"
    ".step h4{margin:0 0 .9rem;font-size:1rem;font-weight:400;display:flex;gap:.3rem .8rem;align-items:center;"
    "flex-wrap:wrap}.step h4 .badge{margin-left:auto}\n"
    ".number{font-size:1.15rem;font-weight:650;font-variant-numeric:tabular-nums}\n"
    ".equation{background:var(--paper);border-radius:.55rem;padding:1.15rem 1rem;margin-bottom:1rem;font-size:1.28rem;"
    "overflow-y:hidden}.equation math{margin:0}\n"
    ".step p{max-width:46rem}.beside{display:flex;flex-wrap:wrap;gap:1rem 2.4rem;align-items:flex-start}"
    ".beside dl{flex:1 1 24rem}.beside .scroll{flex:0 1 auto;max-width:100%}\n"
    ".step dl{margin:0 0 .2rem}.step dd code{overflow-wrap:anywhere}\n"
    ".notes{margin:1.1rem 0 0;padding:.1rem 0 .1rem 1rem;border-left:3px solid var(--line);list-style:none}\n"
    ".values caption{text-align:left;white-space:nowrap;color:var(--soft);font-size:.88rem;padding:0 0 .35rem}\n"
    ".values{border-collapse:separate;border-spacing:2px;font-size:.9rem;font-variant-numeric:tabular-nums}\n"
    ".values td{padding:.22rem .6rem;text-align:right;border-radius:.25rem;white-space:nowrap;"
    "background:rgb(var(--c,122 130 144)/var(--v,.05))}.values .dots{text-align:center;background:none;color:var(--soft)}\n"
    "[class^=p]{--c:var(--one)}[class^=n]{--c:var(--two)}\n"
    ".p1,.n1{--v:.05}.p2,.n2{--v:.09}.p3,.n3{--v:.13}.p4,.n4{--v:.17}.p5,.n5{--v:.21}.p6,.n6{--v:.25}.p7,.n7{--v:.29}"
    ".p8,.n8{--v:.33}\n";

static const char drawing[] =
    "figure{margin:0}.drawing .scroll{padding:.2rem 0}.drawing svg{display:block;width:100%;min-width:calc(.75*var(--w));max-width:var(--w);height:auto;margin:0 auto}\n"
    ".arrow path{fill:none;stroke:rgb(var(--c));stroke-width:1.6}.arrow .head{fill:rgb(var(--c));stroke:none}\n"
    ".box rect{fill:var(--card);stroke:rgb(var(--c));stroke-width:1.3}.given rect{stroke:rgb(var(--c)/.6);stroke-dasharray:4 3;fill:var(--paper)}\n"
    ".box div{height:50px;display:flex;align-items:center;justify-content:center;overflow:hidden;color:var(--ink)}"
    ".box{text-decoration:none}.box math{math-style:normal;font-size:1.02rem;max-width:88px;overflow:hidden}.box .long math{font-size:.74rem}\n"
    "a.box{cursor:pointer}a.box:hover rect{stroke-width:2.4}.box:focus{outline:none}"
    ".box:focus-visible rect{stroke-width:3.4}\n"
    "figcaption{font-size:.85rem;margin-top:.7rem;display:flex;flex-wrap:wrap;justify-content:center;gap:.1rem 1.4rem}"
    "figcaption span{white-space:nowrap}figcaption i{display:inline-block;width:1.1rem;"
    "height:.62rem;border-radius:.2rem;margin:0 .45rem 0 0;background:rgb(var(--c)/.16);border:1px solid rgb(var(--c))}\n"
    "figcaption .given{background:var(--paper);border-style:dashed}\n"
    "@media screen{.stepping .arrow path{opacity:.22}.stepping .arrow.done path{opacity:.75}"
    ".stepping .arrow.now path{opacity:1;stroke-width:2.4}.stepping .arrow.now .head{stroke-width:0}\n"
    ".stepping a.box rect{stroke-opacity:.45}.stepping a.box.done rect{fill:rgb(var(--c)/.1);stroke-opacity:.75}\n"
    ".stepping a.box.now rect{fill:rgb(var(--c)/.26);stroke-opacity:1;stroke-width:2.6}"
    ".stepping .box.used rect{stroke:rgb(var(--c));stroke-opacity:1;stroke-width:2}}\n";

static const char controls[] =
    ".controls{position:sticky;top:0;z-index:1;display:flex;flex-wrap:wrap;gap:.6rem 1rem;align-items:center;"
    "background:var(--paper);padding:.8rem 0;margin-top:.2rem}.controls[hidden]{display:none}\n"
    "button{font:inherit;font-size:.92rem;color:var(--ink);background:var(--card);border:1px solid var(--line);"
    "border-radius:.5rem;padding:.45rem .9rem;min-height:2.5rem;cursor:pointer}button:hover{border-color:rgb(var(--one))}\n"
    ".buttons{display:flex;gap:.35rem}.buttons button{padding:.3rem;width:2.9rem;display:grid;place-items:center}\n"
    ".buttons svg{width:1.15rem;height:1.15rem;fill:none;stroke:currentColor;stroke-width:1.7;stroke-linecap:round;"
    "stroke-linejoin:round}\n"
    "button[aria-disabled=true]{color:var(--soft);cursor:default;border-color:var(--line)}"
    "button[aria-disabled=true] svg{opacity:.45}\n"
    "button[aria-pressed=true]{background:rgb(var(--one)/.14);border-color:rgb(var(--one))}\n"
    ".controls input{flex:1 1 8rem;min-width:6rem;accent-color:rgb(var(--one))}\n"
    ".count{font-variant-numeric:tabular-nums;font-size:.92rem;white-space:nowrap}.count b{font-weight:400}\n"
    ".spoken{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);margin:0;white-space:nowrap}\n"
    "@media screen{.stepping .step:not(.current){display:none}.stepping .steps{margin-top:0}}\n";

static const char sizes[] =
    "@media (max-width:46rem){.drawing svg{min-width:var(--w)}main{padding:1.8rem 1rem 3rem}.card{padding:.9rem}.step{padding:1rem}"
    ".beside dl{flex-basis:100%}.equation{font-size:1.12rem;padding:.9rem .7rem}"
    ".step dl{gap:.35rem .8rem}.equations{grid-template-columns:minmax(0,1fr);gap:.1rem}.equations dd{margin-bottom:.55rem}"
    ".controls{gap:.5rem .8rem}.controls input{order:3;flex-basis:100%}.count span{display:none}.buttons button{width:2.4rem}.all{padding:.45rem .6rem}}\n"
    "@media (prefers-reduced-motion:no-preference){.arrow path,.box rect{transition:opacity .2s,fill .2s,stroke-opacity "
    ".2s}}\n"
    "@media print{:root{color-scheme:light;--paper:#fff;--card:#fff;--ink:#111;--soft:#555;--line:#ccc;--one:43 100 196;"
    "--two:176 78 20;--good:20 105 70;--bad:170 40 40}body{font-size:10.5pt}main{max-width:none;padding:0}"
    ".controls,.switch,.spoken{display:none!important}.drawing svg{min-width:0!important;max-width:none!important}.scroll{overflow:visible}"
    ".card,figure{break-inside:avoid}h2,h3,h4{break-after:avoid}.step{padding:.8rem 1rem}"
    ".equation{font-size:1.15rem;padding:.3rem 0;margin-bottom:.5rem}.steps{gap:.6rem}.first{flex-wrap:nowrap}.values td,.badge,figcaption i,.box rect{print-color-adjust:exact;"
    "-webkit-print-color-adjust:exact}pre{white-space:pre-wrap}}\n";

void tg_html_style(tg_text *out)
{
    const char *const parts[] = {tg_page_colours, tg_page_text, page,     convention,
                                 steps,           drawing,      controls, sizes};
    tg_lesson_add(out, "<style>\n");
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) tg_lesson_add(out, parts[i]);
    tg_lesson_add(out, "</style>\n");
}
