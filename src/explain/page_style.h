/* What the pages of the command look alike in: colours, light and dark, and the text's font. */
#ifndef TG_EXPLAIN_PAGE_STYLE_H
#define TG_EXPLAIN_PAGE_STYLE_H

/* CSS. Colours are custom properties: --paper, --card, --ink, --soft and --line whole; --one, --two, --good, --bad and
 * --note as red, green and blue, for rgb(var(--one)). */
extern const char tg_page_colours[], tg_page_text[];

#endif
