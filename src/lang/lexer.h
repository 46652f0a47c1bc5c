/* From text to tokens. */
#ifndef TG_LANG_LEXER_H
#define TG_LANG_LEXER_H

#include "problems.h"

typedef enum tg_token_kind {
    TG_TOKEN_NAME,
    TG_TOKEN_NUMBER,
    TG_TOKEN_SYMBOL, /* one or two characters: + - * / @ ^ = == != < <= > >= ( ) [ ] , : */
    TG_TOKEN_NEWLINE,
    TG_TOKEN_END
} tg_token_kind;

/* A piece of the text. */
typedef struct tg_token {
    tg_token_kind kind;
    uint32_t start, length; /* bytes */
    uint32_t match;         /* of a bracket: the token of its partner */
} tg_token;

typedef struct tg_tokens {
    tg_token *items;
    uint32_t count; /* the last is TG_TOKEN_END */
} tg_tokens;

/* Line ends inside brackets are no tokens; of several in a row there is one. What is no token is reported and left
 * out. TG_ERR_MEMORY or TG_OK. */
tg_status tg_lex(const char *text, uint32_t size, tg_tokens *tokens, tg_problems *problems);

#endif
