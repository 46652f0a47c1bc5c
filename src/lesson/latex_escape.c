/* Text in LaTeX. */
#include "latex_escape.h"

#include <string.h>

#include "explain/math_tree.h"
#include "format.h"

enum { LONG_WORD = 20 }; /* a word may be broken where it has so many characters */

typedef struct replacement {
    const char *character, *latex;
} replacement;

static const replacement ascii[] = {
    {"\\", "\\textbackslash{}"},
    {"{", "\\{"},
    {"}", "\\}"},
    {"$", "\\ensuremath{\\mathdollar}"},
    {"&", "\\&"},
    {"#", "\\#"},
    {"_", "\\_"},
    {"%", "\\%"},
    {"~", "\\textasciitilde{}"},
    {"^", "\\textasciicircum{}"},
    {"<", "\\textless{}"},
    {">", "\\textgreater{}"},
    {"|", "\\textbar{}"},
    {"\n", " "},
};

/* What stands in words beside equations. */
static const replacement symbols[] = {{"–", "--"},
                                      {"—", "---"},
                                      {"…", "\\ldots{}"},
                                      {"‘", "`"},
                                      {"’", "'"},
                                      {"“", "``"},
                                      {"”", "''"},
                                      {"−", "-"},
                                      {"×", "\\times"},
                                      {"·", "\\cdot"},
                                      {"⊙", "\\odot"},
                                      {"⊗", "\\otimes"},
                                      {"±", "\\pm"},
                                      {"÷", "\\div"},
                                      {"→", "\\to"},
                                      {"←", "\\gets"},
                                      {"↔", "\\leftrightarrow"},
                                      {"⇒", "\\Rightarrow"},
                                      {"↦", "\\mapsto"},
                                      {"≤", "\\le"},
                                      {"≥", "\\ge"},
                                      {"≠", "\\ne"},
                                      {"≈", "\\approx"},
                                      {"≡", "\\equiv"},
                                      {"∝", "\\propto"},
                                      {"∈", "\\in"},
                                      {"∉", "\\notin"},
                                      {"∞", "\\infty"},
                                      {"√", "\\surd"},
                                      {"∂", "\\partial"},
                                      {"∇", "\\nabla"},
                                      {"∑", "\\sum"},
                                      {"∏", "\\prod"},
                                      {"∫", "\\int"},
                                      {"⊤", "\\top"},
                                      {"⊥", "\\bot"},
                                      {"′", "'"},
                                      {"″", "''"},
                                      {"‖", "\\|"},
                                      {"½", "\\frac{1}{2}"},
                                      {"⅓", "\\frac{1}{3}"},
                                      {"¼", "\\frac{1}{4}"},
                                      {"¬", "\\neg"},
                                      {"°", "^\\circ"},
                                      {"ᵀ", "^{T}"},
                                      {"∘", "\\circ"},
                                      {"𝟏", "\\mathbf{1}"},
                                      {"⁻", "^{-}"},
                                      {"₋", "_{-}"},
                                      {"¹", "^{1}"},
                                      {"²", "^{2}"},
                                      {"³", "^{3}"},
                                      {"ℝ", "\\mathbf{R}"}};

static const char *const greek[] = {"alpha", "beta", "gamma", "delta",    "epsilon", "zeta", "eta",
                                    "theta", "iota", "kappa", "lambda",   "mu",      "nu",   "xi",
                                    NULL,    "pi",   "rho",   "varsigma", "sigma",   "tau",  "upsilon",
                                    "phi",   "chi",  "psi",   "omega"};

/* Capitals that LaTeX does not take from the Latin letters. */
static const char greek_capitals[] = "ΓΔΘΛΞΠΣΥΦΨΩ";

static const char *find(const replacement *list, size_t count, const char *character, size_t length)
{
    for (size_t i = 0; i < count; i++)
        if (strncmp(list[i].character, character, length) == 0 && list[i].character[length] == '\0')
            return list[i].latex;
    return NULL;
}

static unsigned code_of(const char *character, size_t length)
{
    unsigned char first = (unsigned char)character[0];
    unsigned code = length == 1 ? first : first & (0xFFu >> (length + 1));
    for (size_t i = 1; i < length; i++) code = code << 6 | ((unsigned char)character[i] & 0x3Fu);
    return code;
}

/* "\alpha" without its backslash, or NULL. */
static const char *greek_name(unsigned code)
{
    static const char *const names[] = {"Gamma", "Delta",   "Theta", "Lambda", "Xi",   "Pi",
                                        "Sigma", "Upsilon", "Phi",   "Psi",    "Omega"};
    if (code >= 0x3B1 && code <= 0x3C9) return greek[code - 0x3B1];
    if (code == 0x3D5) return "phi";
    if (code == 0x3D1) return "vartheta";
    if (code == 0x3F5) return "epsilon";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (code == code_of(greek_capitals + 2 * i, 2)) return names[i];
    return NULL;
}

/* The character that this is a raised or lowered form of, or 0. */
static char base_of(const char *character, size_t length, const char *(*raise)(const char *, size_t *))
{
    for (char c = '!'; c <= '~'; c++) {
        char text[2] = {c, '\0'};
        size_t n = 0;
        const char *form = raise(text, &n);
        if (form != NULL && n == length && memcmp(form, character, length) == 0) return c;
    }
    return 0;
}

/* Letters with accents, which LaTeX puts together itself; those with a hook or a stroke it cannot without more fonts. */
static int is_latin(unsigned code)
{
    static const unsigned without[] = {0xD0,  0xD7,  0xDE,  0xF0,  0xF7,  0xFE,  0x104, 0x105, 0x110,
                                       0x111, 0x118, 0x119, 0x126, 0x127, 0x12E, 0x12F, 0x138, 0x149,
                                       0x14A, 0x14B, 0x166, 0x167, 0x172, 0x173, 0x17F};
    if (code < 0xC0 || code > 0x17F) return 0;
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (code == without[i]) return 0;
    return 1;
}

static void add_symbol(tg_text *out, const char *character, size_t length)
{
    unsigned code = code_of(character, length);
    const char *symbol = find(symbols, sizeof symbols / sizeof *symbols, character, length);
    const char *name = greek_name(code);
    char raised = base_of(character, length, tg_math_raised);
    char lowered = raised != 0 ? 0 : base_of(character, length, tg_math_lowered);
    if (symbol != NULL && (symbol[0] == '\\' || symbol[0] == '^' || symbol[0] == '_' || symbol[0] == '-') &&
        strcmp(symbol, "--") != 0 && strcmp(symbol, "---") != 0)
        tg_text_print(out, "\\ensuremath{%s}", symbol);
    else if (symbol != NULL)
        tg_lesson_add(out, symbol);
    else if (name != NULL)
        tg_text_print(out, "\\ensuremath{\\%s}", name);
    else if (raised != 0 || lowered != 0)
        tg_text_print(out, "\\ensuremath{%c{%c}}", raised != 0 ? '^' : '_', raised != 0 ? raised : lowered);
    else if (is_latin(code))
        tg_text_add(out, character, length);
    else
        tg_text_print(out, "[U+%04X]", code);
}

static void add_character(tg_text *out, const char *text, size_t length)
{
    const char *latex = find(ascii, sizeof ascii / sizeof *ascii, text, length);
    if (latex != NULL)
        tg_lesson_add(out, latex);
    else if (length > 1)
        add_symbol(out, text, length);
    else
        tg_text_add(out, text, 1);
}

static void add_text(tg_text *out, const char *text, size_t n, int code)
{
    tg_text cleaned = {0};
    tg_lesson_add_clean(&cleaned, text, n);
    char *clean = tg_text_take(&cleaned);
    if (clean == NULL) {
        out->failed = 1;
        return;
    }
    int unbroken = 0;
    for (size_t i = 0; clean[i] != '\0';) {
        size_t length = tg_lesson_character(clean + i);
        add_character(out, clean + i, length);
        unbroken = strchr(" \n", clean[i]) != NULL ? 0 : unbroken + 1;
        /* Two of these would become one dash or quotation mark. */
        if (strchr("-'`,", clean[i]) != NULL && clean[i + 1] == clean[i]) tg_lesson_add(out, "{}");
        int breaks = strchr(code ? ",()[]_@*/." : "_/", clean[i]) != NULL || unbroken >= LONG_WORD;
        if (breaks) tg_lesson_add(out, "\\allowbreak{}");
        if (breaks) unbroken = 0;
        i += length;
    }
    tg_text_free(clean);
}

void tg_latex_words(tg_text *out, const char *text, size_t n)
{
    add_text(out, text, n, 0);
}

void tg_latex_code(tg_text *out, const char *text, size_t n)
{
    add_text(out, text, n, 1);
}
