/* tapegrad: automatic differentiation on a computational graph. This header includes the others.
 *
 *   graph.h     graphs, tensors, inputs and params, errors, marks
 *   ops.h       the operations
 *   diff.h      derivatives: gradients, Jacobian products, Hessians, rules of one's own
 *   function.h  running expressions
 *   nn.h        layers, costs, optimisers, training
 *   delta.h     the closed-form delta rules, in plain C
 *   io.h        files of arrays
 *   op.h        operation records, for operations of one's own
 *   random.h    random numbers from a counter
 *   array.h, status.h, version.h
 */
#ifndef TAPEGRAD_TAPEGRAD_H
#define TAPEGRAD_TAPEGRAD_H

#include <tapegrad/array.h>
#include <tapegrad/delta.h>
#include <tapegrad/diff.h>
#include <tapegrad/function.h>
#include <tapegrad/graph.h>
#include <tapegrad/io.h>
#include <tapegrad/nn.h>
#include <tapegrad/op.h>
#include <tapegrad/ops.h>
#include <tapegrad/random.h>
#include <tapegrad/status.h>
#include <tapegrad/version.h>

#endif
