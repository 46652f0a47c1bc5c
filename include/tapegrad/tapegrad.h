/* tapegrad: automatic differentiation on a computational graph. This header includes the others.
 *
 *   graph.h     graphs, tensors, inputs and params, errors, marks
 *   ops.h       the operations
 *   diff.h      derivatives: gradients, Jacobian products, Hessians, rules of one's own
 *   function.h  running expressions
 *   profile.h   where a compiled function spends its time
 *   check.h     derivatives checked against differences; check_callback.h for code without a graph
 *   proof.h     whether two tensors are the same for every value
 *   explain.h   expressions as text and LaTeX, listings of the tape
 *   nn.h        layers, costs, optimisers, training
 *   delta.h     the closed-form delta rules in five conventions, in plain C
 *   rules.h     the five conventions on the tape, proved and checked
 *   io.h        files of arrays
 *   lang.h      the model language
 *   op.h        operation records, for operations of one's own
 *   random.h    random numbers from a counter
 *   array.h, status.h, text.h, version.h
 */
#ifndef TAPEGRAD_TAPEGRAD_H
#define TAPEGRAD_TAPEGRAD_H

#include <tapegrad/array.h>
#include <tapegrad/check.h>
#include <tapegrad/check_callback.h>
#include <tapegrad/delta.h>
#include <tapegrad/diff.h>
#include <tapegrad/explain.h>
#include <tapegrad/function.h>
#include <tapegrad/graph.h>
#include <tapegrad/io.h>
#include <tapegrad/lang.h>
#include <tapegrad/nn.h>
#include <tapegrad/op.h>
#include <tapegrad/ops.h>
#include <tapegrad/profile.h>
#include <tapegrad/proof.h>
#include <tapegrad/random.h>
#include <tapegrad/rules.h>
#include <tapegrad/status.h>
#include <tapegrad/text.h>
#include <tapegrad/version.h>

#endif
