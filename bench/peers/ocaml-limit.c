// SPDX-License-Identifier: MIT
/* raise_limit : unit -> unit, for the programs in OCaml, whose libraries have no setrlimit. */
#include "../../common/limits.h"

#include <caml/mlvalues.h>

value raise_limit(value unit);

value raise_limit(value unit)
{
    raise_descriptor_limit();
    return unit;
}
