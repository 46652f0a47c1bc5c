/* Where oneDNN is not installed. */
#include "hand.h"

const hand_version *const hand_onednn = NULL;
