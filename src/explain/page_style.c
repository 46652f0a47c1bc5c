/* What the pages of the command look alike in. */
#include "page_style.h"

const char tg_page_colours[] =
    ":root{color-scheme:light dark;--paper:#fbfaf7;--card:#fff;--ink:#1d2126;--soft:#646b74;--line:#e4e1da;"
    "--one:43 100 196;--two:201 92 28;--good:18 110 72;--bad:176 42 42;--note:#7a8290}\n"
    "@media (prefers-color-scheme:dark){:root{--paper:#14161a;--card:#1b1e23;--ink:#e8e6e1;--soft:#9aa1ab;"
    "--line:#2d3138;--one:122 170 255;--two:242 160 90;--good:98 201 150;--bad:240 120 112;--note:#858d99}}\n";

const char tg_page_text[] =
    "*{box-sizing:border-box}\n"
    "body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,'Segoe UI',"
    "Roboto,'Noto Sans','Liberation Sans',sans-serif;-webkit-text-size-adjust:100%}\n"
    "main{max-width:68rem;margin:0 auto;padding:3rem 1.5rem 4rem}\n"
    "h1{font-size:clamp(1.6rem,4.5vw,2.3rem);line-height:1.15;letter-spacing:-.02em;margin:.2rem 0 .5rem;"
    "overflow-wrap:anywhere}\n"
    "h2{font-size:1.25rem;letter-spacing:-.01em;margin:3.2rem 0 .3rem}\n"
    "h3{font-size:.95rem;margin:0 0 .6rem}\n"
    "p{margin:.2rem 0 1rem;max-width:44rem}.soft,figcaption,.eyebrow{color:var(--soft)}\n"
    ".eyebrow{font-size:.78rem;letter-spacing:.09em;text-transform:uppercase;margin:0}\n"
    "code,pre,.mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono',monospace;"
    "font-size:.86em}\n"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:1.1rem 1.2rem;min-width:0}"
    ".card p:last-child{margin-bottom:0}\n"
    ".scroll{overflow-x:auto}\n"
    "pre{background:var(--card);border:1px solid var(--line);border-radius:.7rem;padding:1.1rem 1.2rem;"
    "overflow-x:auto;line-height:1.6;margin:.9rem 0;tab-size:4}\n";
