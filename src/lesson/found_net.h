/* A network that was recognised, in a convention's layout. */
#ifndef TG_LESSON_FOUND_NET_H
#define TG_LESSON_FOUND_NET_H

#include "recognise.h"
#include "rules/net.h"

/* Records the convention's matrices as transposes and reshapes of the model's own tensors, the generic gradients in the
 * same layout, and the convention's rules. layers has L + 1 entries. 0 with the graph's error kept. */
int tg_found_net(tg_graph *g, tg_tensor *loss, const tg_found_mlp *found, tg_convention convention,
                 tg_rules_layer *layers, tg_rules_net *net);

#endif
