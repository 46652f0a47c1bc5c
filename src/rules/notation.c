/* The five notations. */
#include "notation.h"

#include <stddef.h>

const tg_convention_notation tg_notations[TG_CONVENTIONS] = {
    [TG_CONVENTION_VECTOR] =
        {.a = "a^{<L>}",
         .y = "y",
         .one_a = "a^{<L>}",
         .one_y = "y",
         .W = "W^{<l>}",
         .b = "b^{<l>}",
         .x = "x",
         .output = "d_{a^{<L>}} C",
         .error = "d_{z^{<l>}} C",
         .slope = "\\sigma'(z^{<l>})",
         .cost = "C = <c>",
         .mean = "",
         .equations =
             {[TG_EQUATION_Z] = "z^{<l>} = W^{<l>} a^{<l-1>} + b^{<l>}",
              [TG_EQUATION_A] = "a^{<l>} = \\sigma(z^{<l>})",
              [TG_EQUATION_ERROR] =
                  "d_{z^{<l>}} C = \\left( (W^{<l+1>})^{\\top} \\cdot d_{z^{<l+1>}} C \\right) \\odot "
                  "\\sigma'(z^{<l>})",
              [TG_EQUATION_INPUT] = "d_{a^{<l>}} C = (W^{<l+1>})^{\\top} \\cdot d_{z^{<l+1>}} C",
              [TG_EQUATION_WEIGHT] = "d_{w^{<l>}_i} C = a^{<l-1>}_i \\cdot d_{z^{<l>}} C",
              [TG_EQUATION_WEIGHTS] =
                  "D_{W^{<l>}} C = d_{z^{<l>}} C \\otimes a^{<l-1>} = d_{z^{<l>}} C \\cdot "
                  "(a^{<l-1>})^{\\top}",
              [TG_EQUATION_BIASES] = "d_{b^{<l>}} C = d_{z^{<l>}} C",
              [TG_EQUATION_UPDATE] =
                  "\\Delta W^{<l>} = -\\eta\\, D_{W^{<l>}} C, \\quad \\Delta b^{<l>} = -\\eta\\, "
                  "d_{b^{<l>}} C"},
         .labels = {[TG_EQUATION_LAST_ERROR] = "rules 1, 2",
                    [TG_EQUATION_ERROR] = "rules 6, 2",
                    [TG_EQUATION_OUTPUT] = "rule 1",
                    [TG_EQUATION_INPUT] = "rule 6",
                    [TG_EQUATION_WEIGHT] = "rule 4",
                    [TG_EQUATION_WEIGHTS] = "rules 4, 5",
                    [TG_EQUATION_BIASES] = "rule 3"},
         .reasons = {[TG_EQUATION_Z] = "the layer's affine map",
                     [TG_EQUATION_A] = "the activation, element by element",
                     [TG_EQUATION_COST] = "the cost of one example",
                     [TG_EQUATION_LAST_ERROR] =
                         "Proposition 2: each $a_i$ depends on $z_i$ alone, so $D_z a$ is diagonal and "
                         "the product with $d_a C$ is elementwise",
                     [TG_EQUATION_ERROR] =
                         "Proposition 1, the chain rule $d_{a'} C = D_{a'} z \\cdot d_z C$: $z = W a' + "
                         "b$ has $D_{a'} z = W^{\\top}$; then Proposition 2 for the activation",
                     [TG_EQUATION_OUTPUT] = "the derivative of the cost by the output",
                     [TG_EQUATION_INPUT] =
                         "Proposition 1, the chain rule: $z = W a' + b$ has $D_{a'} z = W^{\\top}$",
                     [TG_EQUATION_WEIGHT] =
                         "Proposition 2E for column $i$: $z$ depends on it with derivative $a'_i$",
                     [TG_EQUATION_WEIGHTS] =
                         "Proposition 2E: $z_i$ depends on row $i$ of $W$ alone, with derivative $a'_j$ "
                         "for column $j$; so column $j$ of $D_W C$ is $a'_j \\, d_z C$",
                     [TG_EQUATION_BIASES] = "Proposition 2 with the derivative of $z_i$ by $b_i$, which is 1",
                     [TG_EQUATION_UPDATE] = "a step against the gradient after each example"},
         .slips = {NULL}},
    [TG_CONVENTION_JACOBIAN] =
        {.a = "\\alpha^{<L>}",
         .y = "y",
         .one_a = "\\alpha^{<L>}",
         .one_y = "y",
         .W = "\\Omega^{<l>}",
         .b = "\\beta^{<l>}",
         .x = "\\alpha^{0}",
         .output = "P^{<L+1>}",
         .error = "B^{<l>}",
         .slope = "\\Phi'(\\zeta^{<l>})",
         .cost = "C = <c>",
         .mean = "",
         .equations =
             {[TG_EQUATION_Z] = "\\zeta^{<l>} = (\\Omega^{<l>})^{\\top} \\alpha^{<l-1>} + \\beta^{<l>}",
              [TG_EQUATION_A] = "\\alpha^{<l>} = \\Phi(\\zeta^{<l>})",
              [TG_EQUATION_ERROR] =
                  "B^{<l>} = \\Phi'(\\zeta^{<l>}) \\odot (P^{<l+1>})^{\\top}, \\quad P^{<l+1>} = "
                  "(\\Omega^{<l+1>} B^{<l+1>})^{\\top}",
              [TG_EQUATION_INPUT] = "P^{<l+1>} = (\\Omega^{<l+1>} B^{<l+1>})^{\\top}",
              [TG_EQUATION_WEIGHT] = "\\nabla_{\\omega^{<l>}_k} C = \\alpha^{<l-1>} B^{<l>}_k",
              [TG_EQUATION_WEIGHTS] = "\\nabla_{\\Omega^{<l>}} C = \\alpha^{<l-1>} (B^{<l>})^{\\top}",
              [TG_EQUATION_BIASES] = "\\nabla_{\\beta^{<l>}} C = B^{<l>}",
              [TG_EQUATION_UPDATE] =
                  "\\Omega^{<l>} \\leftarrow \\Omega^{<l>} - \\eta\\, \\nabla_{\\Omega^{<l>}} C, \\quad "
                  "\\beta^{<l>} \\leftarrow \\beta^{<l>} - \\eta\\, \\nabla_{\\beta^{<l>}} C"},
         .labels = {[TG_EQUATION_LAST_ERROR] = "algorithm A, start",
                    [TG_EQUATION_ERROR] = "algorithm A",
                    [TG_EQUATION_OUTPUT] = "algorithm A, start",
                    [TG_EQUATION_INPUT] = "algorithm A",
                    [TG_EQUATION_WEIGHT] = "algorithm B",
                    [TG_EQUATION_WEIGHTS] = "algorithm B",
                    [TG_EQUATION_BIASES] = "algorithm B"},
         .reasons =
             {[TG_EQUATION_Z] = "the layer's affine map; neuron $k$'s weights are column $k$",
              [TG_EQUATION_A] = "the activation, element by element",
              [TG_EQUATION_COST] = "the cost of one sample; a set has the mean of its samples' costs",
              [TG_EQUATION_LAST_ERROR] =
                  "$P^{L+1}$ is the Jacobian of $C$ by the output, a row; the derivative by the "
                  "biases is $\\mathrm{diag}(\\Phi')$, so the product is elementwise",
              [TG_EQUATION_ERROR] =
                  "the chain rule for Jacobians: $P^j$ is $P^{j+1}$ times the layer's Jacobian, "
                  "whose rows are $\\Phi'(\\zeta_k) \\omega_k^{\\top}$; that product is $(\\Omega "
                  "B)^{\\top}$",
              [TG_EQUATION_OUTPUT] = "the Jacobian of the cost by the output, a row",
              [TG_EQUATION_INPUT] =
                  "the chain rule for Jacobians: $P$ times the layer's Jacobian, whose rows are $\\Phi'(\\zeta_k) \\omega_k^{\\top}$",
              [TG_EQUATION_WEIGHT] = "the Jacobian by neuron $k$'s weights is zero but for row $k$",
              [TG_EQUATION_WEIGHTS] =
                  "the Jacobian by neuron $k$'s weights is zero but for row $k$, "
                  "$\\Phi'(\\zeta_k) \\alpha^{\\top}$: column $k$ of the gradient is $\\alpha "
                  "B_k$",
              [TG_EQUATION_BIASES] = "the Jacobian by the biases is $\\mathrm{diag}(\\Phi'(\\zeta))$",
              [TG_EQUATION_UPDATE] =
                  "gradient descent, stochastic or in mini-batches, by the samples that $C$ is "
                  "taken over"},
         .slips = {"the table of dimensions lists the expected output as a scalar; it is used as a "
                   "vector of length $n_L$",
                   NULL}},
    [TG_CONVENTION_DELTA] =
        {.a = "a^{<L>}",
         .y = "y",
         .one_a = "a^{<L>}",
         .one_y = "y",
         .W = "w^{<l>}",
         .b = "b^{<l>}",
         .x = "x",
         .output = "\\nabla_a C_x",
         .error = "\\delta^{<l>}",
         .slope = "\\sigma'(z^{<l>})",
         .cost = "C = \\frac{1}{N} \\sum_x C_x, \\quad C_x = <c>",
         .mean = "",
         .equations =
             {[TG_EQUATION_Z] = "z^{<l>} = w^{<l>} a^{<l-1>} + b^{<l>}",
              [TG_EQUATION_A] = "a^{<l>} = \\sigma(z^{<l>})",
              [TG_EQUATION_ERROR] =
                  "\\delta^{<l>} = \\left( (w^{<l+1>})^{\\top} \\delta^{<l+1>} \\right) \\odot "
                  "\\sigma'(z^{<l>})",
              [TG_EQUATION_INPUT] = "\\nabla_{a^{<l>}} C_x = (w^{<l+1>})^{\\top} \\delta^{<l+1>}",
              [TG_EQUATION_WEIGHT] =
                  "\\frac{\\partial C_x}{\\partial w^{<l>}_{jk}} = a^{<l-1>}_k \\delta^{<l>}_j",
              [TG_EQUATION_WEIGHTS] =
                  "\\frac{\\partial C}{\\partial w^{<l>}} = \\frac{1}{N} \\sum_x \\delta^{<l>} "
                  "(a^{<l-1>})^{\\top}",
              [TG_EQUATION_BIASES] =
                  "\\frac{\\partial C}{\\partial b^{<l>}} = \\frac{1}{N} \\sum_x \\delta^{<l>}",
              [TG_EQUATION_UPDATE] =
                  "w^{<l>} \\leftarrow w^{<l>} - \\eta\\, \\frac{\\partial C}{\\partial w^{<l>}}, \\quad "
                  "b^{<l>} \\leftarrow b^{<l>} - \\eta\\, \\frac{\\partial C}{\\partial b^{<l>}}"},
         .labels = {[TG_EQUATION_LAST_ERROR] = "equation 1",
                    [TG_EQUATION_ERROR] = "equation 2",
                    [TG_EQUATION_OUTPUT] = "equation 1",
                    [TG_EQUATION_INPUT] = "equation 2",
                    [TG_EQUATION_WEIGHT] = "equation 4",
                    [TG_EQUATION_WEIGHTS] = "equation 4",
                    [TG_EQUATION_BIASES] = "equation 3"},
         .reasons = {[TG_EQUATION_Z] = "the weighted input; $w_{jk}$ goes from neuron $k$ to neuron $j$",
                     [TG_EQUATION_A] = "the activation, element by element",
                     [TG_EQUATION_COST] = "the mean over the examples $x$",
                     [TG_EQUATION_LAST_ERROR] =
                         "the chain rule with $a_j = \\sigma(z_j)$, where $a_j$ depends on $z_j$ alone",
                     [TG_EQUATION_ERROR] =
                         "the chain rule over all neurons $k$ of the next layer: the derivative of $z_k$ "
                         "by $z_j$ is $w_{kj} \\sigma'(z_j)$, and the sum over $k$ is the product with "
                         "the transposed weights",
                     [TG_EQUATION_OUTPUT] = "the derivative of the cost of one example by the output",
                     [TG_EQUATION_INPUT] = "the chain rule over all neurons of the next layer",
                     [TG_EQUATION_WEIGHT] = "$z_j$ depends on $w_{jk}$ with derivative $a_k$",
                     [TG_EQUATION_WEIGHTS] = "$z_j$ depends on $w_{jk}$ with derivative $a_k$",
                     [TG_EQUATION_BIASES] = "$z_j$ depends on $b_j$ with derivative 1",
                     [TG_EQUATION_UPDATE] = "gradient descent"},
         .slips =
             {"one step of the matrix proof of equation 2 writes the derivative of the activation as a transposed "
              "column; shapes agree only without that transpose",
              NULL}},
    [TG_CONVENTION_ROWS] =
        {.a = "X^{(<L>)}",
         .y = "Y",
         .one_a = "x^{(<L>)}",
         .one_y = "y",
         .W = "W^{(<l>)}",
         .b = "B^{(<l>)}",
         .x = "X^{(0)}",
         .output = "\\frac{\\partial e}{\\partial X^{(<L>)}}",
         .error = "\\Delta^{(<l>)}",
         .slope = "\\theta'(S^{(<l>)})",
         .cost = "E = \\frac{1}{N} \\sum_n e_n, \\quad e = <c>",
         .mean = "",
         .equations =
             {[TG_EQUATION_Z] = "S^{(<l>)} = X^{(<l-1>)} W^{(<l>)} + \\mathbf{1}^{\\top} B^{(<l>)}",
              [TG_EQUATION_A] = "X^{(<l>)} = \\theta(S^{(<l>)})",
              [TG_EQUATION_ERROR] =
                  "\\Delta^{(<l>)} = \\left[ \\theta'(S^{(<l>)})^{\\top} \\odot \\left( W^{(<l+1>)} "
                  "(\\Delta^{(<l+1>)})^{\\top} \\right) \\right]^{\\top}",
              [TG_EQUATION_INPUT] =
                  "\\frac{\\partial e}{\\partial X^{(<l>)}} = \\left( W^{(<l+1>)} (\\Delta^{(<l+1>)})^{\\top} \\right)^{\\top}",
              [TG_EQUATION_WEIGHT] =
                  "\\frac{\\partial E}{\\partial w^{(<l>)}_{ij}} = \\frac{1}{N} \\sum_n x^{(<l-1>)}_{ni} \\Delta^{(<l>)}_{nj}",
              [TG_EQUATION_WEIGHTS] =
                  "\\frac{\\partial E}{\\partial W^{(<l>)}} = \\frac{1}{N} (X^{(<l-1>)})^{\\top} "
                  "\\Delta^{(<l>)}",
              [TG_EQUATION_BIASES] =
                  "\\frac{\\partial E}{\\partial B^{(<l>)}} = \\frac{1}{N} \\mathbf{1} \\Delta^{(<l>)}",
              [TG_EQUATION_UPDATE] =
                  "W^{(<l>)} \\leftarrow W^{(<l>)} - \\eta\\, \\frac{\\partial E}{\\partial W^{(<l>)}}, "
                  "\\quad B^{(<l>)} \\leftarrow B^{(<l>)} - \\eta\\, \\frac{\\partial E}{\\partial "
                  "B^{(<l>)}}"},
         .labels = {[TG_EQUATION_LAST_ERROR] = "last layer",
                    [TG_EQUATION_ERROR] = "hidden layer",
                    [TG_EQUATION_OUTPUT] = "last layer",
                    [TG_EQUATION_INPUT] = "hidden layer",
                    [TG_EQUATION_WEIGHT] = "weights",
                    [TG_EQUATION_WEIGHTS] = "weights",
                    [TG_EQUATION_BIASES] = "biases"},
         .reasons =
             {[TG_EQUATION_Z] =
                  "the layer's affine map for all examples at once; $\\mathbf{1}$ is a row of ones",
              [TG_EQUATION_A] = "the activation, element by element",
              [TG_EQUATION_COST] = "the mean over the examples",
              [TG_EQUATION_LAST_ERROR] =
                  "the derivative of the cost by the output, taken through the last activation; "
                  "for softmax with the cross-entropy only a difference is left",
              [TG_EQUATION_ERROR] =
                  "the chain rule over the units of the next layer, for all examples at once; the 1/N of "
                  "the cost is left to the gradients",
              [TG_EQUATION_OUTPUT] = "the derivative of the cost of each example by its output",
              [TG_EQUATION_INPUT] =
                  "the chain rule over the units of the next layer, for all examples at once",
              [TG_EQUATION_WEIGHT] = "the sum over the examples of input times error",
              [TG_EQUATION_WEIGHTS] =
                  "the sum over the examples of input times error; here the 1/N of the cost comes in",
              [TG_EQUATION_BIASES] =
                  "the sum over the examples of the error; the product with $\\mathbf{1}$ takes it",
              [TG_EQUATION_UPDATE] = "gradient descent"},
         .slips =
             {"in the first use of $s_j$ the sum over the inputs runs to $d^{(l-1)}$ with the "
              "last layer's weights; it means $d^{(L-1)}$",
              "the gradient of the biases is called a column vector beside its dimensions 1 x d; it is a row",
              NULL}},
    [TG_CONVENTION_COLUMNS] =
        {.a = "A^{[<L>]}",
         .y = "T",
         .one_a = "y",
         .one_y = "t",
         .W = "W^{[<l>]}",
         .b = "b^{[<l>]}",
         .x = "X",
         .output = "\\frac{\\partial E}{\\partial A^{[<L>]}}",
         .error = "\\Delta^{[<l>]}",
         .slope = "g'(Z^{[<l>]})",
         .cost = "E = \\frac{1}{M} \\frac{1}{K} \\sum_m e_m, \\quad e = <c>",
         .mean = "\\frac{1}{M K}",
         .equations =
             {[TG_EQUATION_Z] = "Z^{[<l>]} = (W^{[<l>]})^{\\top} A^{[<l-1>]} + B^{[<l>]}",
              [TG_EQUATION_A] = "A^{[<l>]} = g(Z^{[<l>]})",
              [TG_EQUATION_ERROR] = "\\Delta^{[<l>]} = \\left( W^{[<l+1>]} \\Delta^{[<l+1>]} \\right) \\odot "
                                    "g'(Z^{[<l>]})",
              [TG_EQUATION_INPUT] =
                  "\\frac{\\partial E}{\\partial A^{[<l>]}} = W^{[<l+1>]} \\Delta^{[<l+1>]}",
              [TG_EQUATION_WEIGHT] =
                  "\\frac{\\partial E}{\\partial w^{[<l>]}_{ij}} = \\sum_m a^{[<l-1>]}_{im} \\Delta^{[<l>]}_{jm}",
              [TG_EQUATION_WEIGHTS] =
                  "\\frac{\\partial E}{\\partial W^{[<l>]}} = A^{[<l-1>]} (\\Delta^{[<l>]})^{\\top}",
              [TG_EQUATION_BIASES] = "\\frac{\\partial E}{\\partial b^{[<l>]}} = \\Delta^{[<l>]} \\mathbf{1}",
              [TG_EQUATION_UPDATE] =
                  "W^{[<l>]} \\leftarrow W^{[<l>]} - \\rho_{<l>}\\, \\frac{\\partial E}{\\partial "
                  "W^{[<l>]}}, \\quad b^{[<l>]} \\leftarrow b^{[<l>]} - \\rho_{<l>}\\, \\frac{\\partial "
                  "E}{\\partial b^{[<l>]}}"},
         .labels = {[TG_EQUATION_LAST_ERROR] = "last layer",
                    [TG_EQUATION_ERROR] = "hidden layer",
                    [TG_EQUATION_OUTPUT] = "last layer",
                    [TG_EQUATION_INPUT] = "hidden layer",
                    [TG_EQUATION_WEIGHT] = "weights",
                    [TG_EQUATION_WEIGHTS] = "weights",
                    [TG_EQUATION_BIASES] = "biases"},
         .reasons = {[TG_EQUATION_Z] =
                         "the layer's affine map for all examples at once; node $i$'s weights are column "
                         "$i$",
                     [TG_EQUATION_A] = "the activation, element by element; the identity at the output",
                     [TG_EQUATION_COST] = "the mean over the $M$ examples and the $K$ outputs",
                     [TG_EQUATION_LAST_ERROR] =
                         "the derivative of the cost by the output, with the mean's $1/(M K)$ in it",
                     [TG_EQUATION_ERROR] =
                         "the sum over $k$ of $(y_k - t_k) w_{ik}$ is the product with $W$; then the "
                         "chain rule through $g$, element by element",
                     [TG_EQUATION_OUTPUT] =
                         "the derivative of the cost by the output, with the mean's $1/(M K)$ in it",
                     [TG_EQUATION_INPUT] = "the sum over $k$ of $(y_k - t_k) w_{ik}$ is the product with $W$",
                     [TG_EQUATION_WEIGHT] = "the sum over the examples $m$ of input times error",
                     [TG_EQUATION_WEIGHTS] = "the sum over the examples $m$ of input times error",
                     [TG_EQUATION_BIASES] =
                         "the sum over the examples of the error; the product with $\\mathbf{1}$ takes it",
                     [TG_EQUATION_UPDATE] = "gradient descent with a rate of its own for each layer"},
         .slips = {"one line writes $W A$ where the others write $W^{\\top} A$",
                   "one intermediate derivative of the error carries a minus sign that the next line drops",
                   "the cost appears once as a plain sum with $\\frac{1}{2}$, and once averaged "
                   "over $M$ and $K$",
                   NULL}},
};
