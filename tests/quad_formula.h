/* The formula of an operation's record, evaluated and differentiated numerically in quadruple precision, so that
 * kernels and derivative rules are held against something that shares no code with them.
 *
 * A formula is written with + - * / ^, comparisons, `and or xor not`, numbers, variables, and functions such as
 * exp(x), max(a, b), where(condition, a, b). Truth is 1, falsehood 0. max and min are NaN if an argument is. */
#ifndef TG_TESTS_QUAD_FORMULA_H
#define TG_TESTS_QUAD_FORMULA_H

#define QUAD_VARIABLES 8

typedef struct quad_variables {
    int n;
    char names[QUAD_VARIABLES][32];
    double values[QUAD_VARIABLES];
} quad_variables;

/* 1 when the formula has a value for these variables, whatever it is. */
int quad_formula_parses(const char *formula, const quad_variables *variables);

/* The value, its derivative with respect to variable i, and that one's with respect to variable j. The
 * derivatives are central differences of fourth order. Relative errors for formulas that cancel a lot are below
 * quad_formula_error of 0 for values, of 1 for derivatives. */
double quad_formula_value(const char *formula, const quad_variables *variables);
double quad_formula_slope(const char *formula, const quad_variables *variables, int i);
double quad_formula_curvature(const char *formula, const quad_variables *variables, int i, int j);
double quad_formula_error(int order);

#endif
