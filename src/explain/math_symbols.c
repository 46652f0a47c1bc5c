/* The symbols of equations, other alphabets, and characters that are raised or lowered. */
#include <string.h>

#include "math_tree.h"

/* ---- Symbols ------------------------------------------------------------------------------------------ */

#define LIMITS TG_MATH_LIMITS
#define UPRIGHT TG_MATH_UPRIGHT
#define SPACED TG_MATH_SPACED

/* clang-format off */
static const tg_math_symbol symbols[] = {
    {"alpha", "α", TG_MATH_LETTER, 0}, {"beta", "β", TG_MATH_LETTER, 0}, {"gamma", "γ", TG_MATH_LETTER, 0},
    {"delta", "δ", TG_MATH_LETTER, 0}, {"epsilon", "ϵ", TG_MATH_LETTER, 0}, {"varepsilon", "ε", TG_MATH_LETTER, 0},
    {"zeta", "ζ", TG_MATH_LETTER, 0}, {"eta", "η", TG_MATH_LETTER, 0}, {"theta", "θ", TG_MATH_LETTER, 0},
    {"vartheta", "ϑ", TG_MATH_LETTER, 0}, {"iota", "ι", TG_MATH_LETTER, 0}, {"kappa", "κ", TG_MATH_LETTER, 0},
    {"lambda", "λ", TG_MATH_LETTER, 0}, {"mu", "μ", TG_MATH_LETTER, 0}, {"nu", "ν", TG_MATH_LETTER, 0},
    {"xi", "ξ", TG_MATH_LETTER, 0}, {"pi", "π", TG_MATH_LETTER, 0}, {"rho", "ρ", TG_MATH_LETTER, 0},
    {"sigma", "σ", TG_MATH_LETTER, 0}, {"varsigma", "ς", TG_MATH_LETTER, 0}, {"tau", "τ", TG_MATH_LETTER, 0},
    {"upsilon", "υ", TG_MATH_LETTER, 0}, {"phi", "ϕ", TG_MATH_LETTER, 0}, {"varphi", "φ", TG_MATH_LETTER, 0},
    {"chi", "χ", TG_MATH_LETTER, 0}, {"psi", "ψ", TG_MATH_LETTER, 0}, {"omega", "ω", TG_MATH_LETTER, 0},
    {"Gamma", "Γ", TG_MATH_LETTER, UPRIGHT}, {"Delta", "Δ", TG_MATH_LETTER, UPRIGHT},
    {"Theta", "Θ", TG_MATH_LETTER, UPRIGHT}, {"Lambda", "Λ", TG_MATH_LETTER, UPRIGHT},
    {"Xi", "Ξ", TG_MATH_LETTER, UPRIGHT}, {"Pi", "Π", TG_MATH_LETTER, UPRIGHT},
    {"Sigma", "Σ", TG_MATH_LETTER, UPRIGHT}, {"Upsilon", "Υ", TG_MATH_LETTER, UPRIGHT},
    {"Phi", "Φ", TG_MATH_LETTER, UPRIGHT}, {"Psi", "Ψ", TG_MATH_LETTER, UPRIGHT},
    {"Omega", "Ω", TG_MATH_LETTER, UPRIGHT}, {"ell", "ℓ", TG_MATH_LETTER, UPRIGHT},
    {"partial", "∂", TG_MATH_LETTER, 0}, {"nabla", "∇", TG_MATH_LETTER, UPRIGHT},

    {"infty", "∞", TG_MATH_ORDINARY, 0}, {"ldots", "…", TG_MATH_ORDINARY, 0}, {"dots", "…", TG_MATH_ORDINARY, 0},
    {"cdots", "⋯", TG_MATH_ORDINARY, 0}, {"vdots", "⋮", TG_MATH_ORDINARY, 0}, {"ddots", "⋱", TG_MATH_ORDINARY, 0},
    {"top", "⊤", TG_MATH_ORDINARY, 0}, {"bot", "⊥", TG_MATH_ORDINARY, 0}, {"neg", "¬", TG_MATH_ORDINARY, 0},
    {"forall", "∀", TG_MATH_ORDINARY, 0}, {"exists", "∃", TG_MATH_ORDINARY, 0},
    {"emptyset", "∅", TG_MATH_ORDINARY, 0}, {"prime", "′", TG_MATH_ORDINARY, 0},
    {"dagger", "†", TG_MATH_ORDINARY, 0}, {"backslash", "\\", TG_MATH_ORDINARY, 0},
    {"_", "_", TG_MATH_ORDINARY, 0}, {"%", "%", TG_MATH_ORDINARY, 0}, {"&", "&", TG_MATH_ORDINARY, 0},
    {"#", "#", TG_MATH_ORDINARY, 0}, {"$", "$", TG_MATH_ORDINARY, 0},

    {"sum", "∑", TG_MATH_LARGE, LIMITS}, {"prod", "∏", TG_MATH_LARGE, LIMITS}, {"int", "∫", TG_MATH_LARGE, 0},
    {"bigoplus", "⨁", TG_MATH_LARGE, LIMITS}, {"bigcup", "⋃", TG_MATH_LARGE, LIMITS},
    {"max", "max", TG_MATH_FUNCTION, LIMITS}, {"min", "min", TG_MATH_FUNCTION, LIMITS},
    {"sup", "sup", TG_MATH_FUNCTION, LIMITS}, {"inf", "inf", TG_MATH_FUNCTION, LIMITS},
    {"lim", "lim", TG_MATH_FUNCTION, LIMITS}, {"det", "det", TG_MATH_FUNCTION, LIMITS},
    {"log", "log", TG_MATH_FUNCTION, 0}, {"ln", "ln", TG_MATH_FUNCTION, 0}, {"exp", "exp", TG_MATH_FUNCTION, 0},
    {"sin", "sin", TG_MATH_FUNCTION, 0}, {"cos", "cos", TG_MATH_FUNCTION, 0}, {"tan", "tan", TG_MATH_FUNCTION, 0},
    {"sinh", "sinh", TG_MATH_FUNCTION, 0}, {"cosh", "cosh", TG_MATH_FUNCTION, 0},
    {"tanh", "tanh", TG_MATH_FUNCTION, 0}, {"arcsin", "arcsin", TG_MATH_FUNCTION, 0},
    {"arccos", "arccos", TG_MATH_FUNCTION, 0}, {"arctan", "arctan", TG_MATH_FUNCTION, 0},
    {"dim", "dim", TG_MATH_FUNCTION, 0}, {"arg", "arg", TG_MATH_FUNCTION, 0},

    {"odot", "⊙", TG_MATH_BINARY, 0}, {"otimes", "⊗", TG_MATH_BINARY, 0}, {"oplus", "⊕", TG_MATH_BINARY, 0},
    {"cdot", "·", TG_MATH_BINARY, 0}, {"times", "×", TG_MATH_BINARY, 0}, {"div", "÷", TG_MATH_BINARY, 0},
    {"circ", "∘", TG_MATH_BINARY, 0}, {"ast", "∗", TG_MATH_BINARY, 0}, {"star", "⋆", TG_MATH_BINARY, SPACED},
    {"pm", "±", TG_MATH_BINARY, 0}, {"mp", "∓", TG_MATH_BINARY, 0}, {"wedge", "∧", TG_MATH_BINARY, 0},
    {"vee", "∨", TG_MATH_BINARY, 0}, {"cup", "∪", TG_MATH_BINARY, 0}, {"cap", "∩", TG_MATH_BINARY, 0},
    {"setminus", "∖", TG_MATH_BINARY, SPACED}, {"+", "+", TG_MATH_BINARY, 0}, {"-", "−", TG_MATH_BINARY, 0},
    {"*", "∗", TG_MATH_BINARY, 0},

    {"=", "=", TG_MATH_RELATION, 0}, {"<", "<", TG_MATH_RELATION, 0}, {">", ">", TG_MATH_RELATION, 0},
    {"lt", "<", TG_MATH_RELATION, 0}, {"gt", ">", TG_MATH_RELATION, 0}, {":", ":", TG_MATH_RELATION, SPACED},
    {"ge", "≥", TG_MATH_RELATION, 0}, {"geq", "≥", TG_MATH_RELATION, 0}, {"le", "≤", TG_MATH_RELATION, 0},
    {"leq", "≤", TG_MATH_RELATION, 0}, {"ne", "≠", TG_MATH_RELATION, 0}, {"neq", "≠", TG_MATH_RELATION, 0},
    {"gg", "≫", TG_MATH_RELATION, 0}, {"ll", "≪", TG_MATH_RELATION, 0}, {"approx", "≈", TG_MATH_RELATION, 0},
    {"equiv", "≡", TG_MATH_RELATION, 0}, {"sim", "∼", TG_MATH_RELATION, 0}, {"simeq", "≃", TG_MATH_RELATION, 0},
    {"propto", "∝", TG_MATH_RELATION, 0}, {"in", "∈", TG_MATH_RELATION, 0}, {"notin", "∉", TG_MATH_RELATION, 0},
    {"subset", "⊂", TG_MATH_RELATION, 0}, {"subseteq", "⊆", TG_MATH_RELATION, 0},
    {"to", "→", TG_MATH_RELATION, 0}, {"rightarrow", "→", TG_MATH_RELATION, 0},
    {"leftarrow", "←", TG_MATH_RELATION, 0}, {"gets", "←", TG_MATH_RELATION, 0},
    {"leftrightarrow", "↔", TG_MATH_RELATION, 0}, {"mapsto", "↦", TG_MATH_RELATION, 0},
    {"Rightarrow", "⇒", TG_MATH_RELATION, 0}, {"Leftarrow", "⇐", TG_MATH_RELATION, 0},
    {"Leftrightarrow", "⇔", TG_MATH_RELATION, 0}, {"implies", "⟹", TG_MATH_RELATION, 0},
    {"iff", "⟺", TG_MATH_RELATION, 0}, {"mid", "|", TG_MATH_RELATION, SPACED},
    {"parallel", "∥", TG_MATH_RELATION, SPACED}, {"perp", "⟂", TG_MATH_RELATION, 0},

    {"(", "(", TG_MATH_OPEN, 0}, {"[", "[", TG_MATH_OPEN, 0}, {"{", "{", TG_MATH_OPEN, 0},
    {"lbrace", "{", TG_MATH_OPEN, 0}, {"langle", "⟨", TG_MATH_OPEN, 0}, {"lfloor", "⌊", TG_MATH_OPEN, 0},
    {"lceil", "⌈", TG_MATH_OPEN, 0}, {"lvert", "|", TG_MATH_OPEN, 0}, {"lVert", "‖", TG_MATH_OPEN, 0},
    {")", ")", TG_MATH_CLOSE, 0}, {"]", "]", TG_MATH_CLOSE, 0}, {"}", "}", TG_MATH_CLOSE, 0},
    {"rbrace", "}", TG_MATH_CLOSE, 0}, {"rangle", "⟩", TG_MATH_CLOSE, 0}, {"rfloor", "⌋", TG_MATH_CLOSE, 0},
    {"rceil", "⌉", TG_MATH_CLOSE, 0}, {"rvert", "|", TG_MATH_CLOSE, 0}, {"rVert", "‖", TG_MATH_CLOSE, 0},
    {"vert", "|", TG_MATH_BAR, 0}, {"Vert", "‖", TG_MATH_BAR, 0}, {"|", "‖", TG_MATH_BAR, 0},

    {",", ",", TG_MATH_PUNCTUATION, 0}, {";", ";", TG_MATH_PUNCTUATION, 0},
    {"colon", ":", TG_MATH_PUNCTUATION, 0}, {"!", "!", TG_MATH_ORDINARY, 0}, {"?", "?", TG_MATH_ORDINARY, 0},
    {"/", "/", TG_MATH_ORDINARY, 0}, {".", ".", TG_MATH_ORDINARY, 0}, {"@", "@", TG_MATH_ORDINARY, 0},
};
/* clang-format on */

const tg_math_symbol *tg_math_symbol_find(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++)
        if (strncmp(symbols[i].name, name, length) == 0 && symbols[i].name[length] == '\0')
            return &symbols[i];
    return NULL;
}

/* ---- Alphabets ---------------------------------------------------------------------------------------- */

size_t tg_math_character_length(const char *text)
{
    unsigned char first = (unsigned char)*text;
    return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
}

/* Where an alphabet's capitals, small letters and digits begin; 0: it has none of its own. */
static const struct {
    unsigned capitals, small, digits, greek;
} alphabets[] = {[TG_MATH_BOLD] = {0x1D400, 0x1D41A, 0x1D7CE, 0x1D6C2},
                 [TG_MATH_DOUBLE_STRUCK] = {0x1D538, 0x1D552, 0x1D7D8, 0},
                 [TG_MATH_SCRIPT] = {0x1D49C, 0, 0, 0}};

/* Capitals that stood in Unicode before their alphabet came. */
static unsigned earlier(tg_math_alphabet alphabet, char letter)
{
    static const struct {
        char letter;
        unsigned double_struck, script;
    } letters[] = {{'B', 0, 0x212C},      {'C', 0x2102, 0}, {'E', 0, 0x2130}, {'F', 0, 0x2131},
                   {'H', 0x210D, 0x210B}, {'I', 0, 0x2110}, {'L', 0, 0x2112}, {'M', 0, 0x2133},
                   {'N', 0x2115, 0},      {'P', 0x2119, 0}, {'Q', 0x211A, 0}, {'R', 0x211D, 0x211B},
                   {'Z', 0x2124, 0}};
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        if (letters[i].letter == letter)
            return alphabet == TG_MATH_SCRIPT          ? letters[i].script
                   : alphabet == TG_MATH_DOUBLE_STRUCK ? letters[i].double_struck
                                                       : 0;
    return 0;
}

/* The code of the character in the alphabet, or 0. Greek is the small letters alone, in UTF-8 CE B1 to CF 89. */
static unsigned code_in(tg_math_alphabet alphabet, const char *character, size_t length)
{
    char c = character[0];
    unsigned second = length == 2 ? (unsigned char)character[1] & 0x3Fu : 0;
    unsigned code = length == 2 ? ((unsigned char)c & 0x1Fu) << 6 | second : 0, base = 0, from = 0;
    if (length == 1 && c >= 'A' && c <= 'Z') base = alphabets[alphabet].capitals, from = (unsigned)(c - 'A');
    if (length == 1 && c >= 'a' && c <= 'z') base = alphabets[alphabet].small, from = (unsigned)(c - 'a');
    if (length == 1 && c >= '0' && c <= '9') base = alphabets[alphabet].digits, from = (unsigned)(c - '0');
    if (code >= 0x3B1 && code <= 0x3C9) base = alphabets[alphabet].greek, from = code - 0x3B1;
    unsigned before = length == 1 ? earlier(alphabet, c) : 0;
    if (before != 0) return before;
    return base == 0 ? 0 : base + from;
}

void tg_math_alphabet_apply(char out[TG_MATH_CHARACTER], const char *character, size_t length,
                            tg_math_alphabet alphabet)
{
    unsigned code = alphabet >= TG_MATH_BOLD ? code_in(alphabet, character, length) : 0;
    memcpy(out, character, length);
    out[length] = '\0';
    if (code == 0) return;
    size_t n = 0;
    if (code >= 0x10000) {
        out[n++] = (char)(0xF0 | code >> 18);
        out[n++] = (char)(0x80 | (code >> 12 & 0x3F));
    } else
        out[n++] = (char)(0xE0 | code >> 12);
    out[n++] = (char)(0x80 | (code >> 6 & 0x3F));
    out[n++] = (char)(0x80 | (code & 0x3F));
    out[n] = '\0';
}

/* ---- Raised and lowered characters -------------------------------------------------------------------- */

/* Pairs, one after the other: the character, then its other form. */
static const char raised[] = "0⁰1¹2²3³4⁴5⁵6⁶7⁷8⁸9⁹+⁺−⁻=⁼(⁽)⁾′′″″‴‴⊤ᵀ∗*"
                             "aᵃbᵇcᶜdᵈeᵉfᶠgᵍhʰiⁱjʲkᵏlˡmᵐnⁿoᵒpᵖrʳsˢtᵗuᵘvᵛwʷxˣyʸzᶻ"
                             "AᴬBᴮDᴰEᴱGᴳHᴴIᴵJᴶKᴷLᴸMᴹNᴺOᴼPᴾRᴿTᵀUᵁVⱽWᵂβᵝγᵞδᵟθᶿφᵠχᵡ";
static const char lowered[] = "0₀1₁2₂3₃4₄5₅6₆7₇8₈9₉+₊−₋=₌(₍)₎"
                              "aₐeₑhₕiᵢjⱼkₖlₗmₘnₙoₒpₚrᵣsₛtₜuᵤvᵥxₓβᵦγᵧρᵨφᵩχᵪ";

static const char *find_pair(const char *pairs, const char *text, size_t *length)
{
    size_t n = tg_math_character_length(text);
    while (*pairs != '\0') {
        size_t key = tg_math_character_length(pairs);
        const char *value = pairs + key;
        *length = tg_math_character_length(value);
        if (key == n && memcmp(pairs, text, n) == 0) return value;
        pairs = value + *length;
    }
    return NULL;
}

const char *tg_math_raised(const char *text, size_t *length)
{
    return find_pair(raised, text, length);
}

const char *tg_math_lowered(const char *text, size_t *length)
{
    return find_pair(lowered, text, length);
}
