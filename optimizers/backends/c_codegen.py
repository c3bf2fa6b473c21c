"""The C text of a rule: a function with one loop that reads each number of p, g and the slots once and writes it once.

The statements inside the loop come from `c_tracer`; `c_kernel` calls the function.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .c_tracer import Body, Element, UnsupportedByC

CHUNK = 65536  # elements that a thread takes at a time
STORAGE = {  # C type, and how a number is read from it and written to it
    torch.float64: ("double", "{}", "{}"),
    torch.float32: ("float", "{}", "{}"),
    torch.float16: ("_Float16", "(float){}", "(_Float16){}"),
    torch.bfloat16: ("uint16_t", "from_bfloat16({})", "to_bfloat16({})"),
}

FUNCTION_TEMPLATE = """\
#include <math.h>
#include <stdint.h>
#include <string.h>

typedef {number} T;  // what is computed with
#define SQRT {sqrt}
#define POW {pow}
enum {{ CHUNK = {chunk}, LINE = 64 / sizeof(T), AHEAD = 16 * LINE }};

static inline float from_bfloat16(uint16_t x) {{
  uint32_t bits = (uint32_t)x << 16;
  float y;
  memcpy(&y, &bits, 4);
  return y;
}}

static inline uint16_t to_bfloat16(float x) {{  // to nearest, ties to even
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return x != x ? 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}}

static inline void elements({parameters}) {{
  for (int64_t i = 0; i < count; i++) {{
{body}
  }}
}}

// Chunk k begins at element start[k] of tensor owner[k]. addresses: row by row those of p, of g and of each slot.
void run(int64_t chunks, int64_t tensors, const int64_t *owner, const int64_t *start, const int64_t *size,
         void *const *addresses, const double *scalars, double *squares, int threads) {{
{norms}  #pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int64_t k = 0; k < chunks; k++) {{
    int64_t tensor = owner[k], left = size[tensor] - start[k], count = left < CHUNK ? left : CHUNK, at = 0;
{declarations}
    for (; at + LINE <= count; at += LINE) {{
{prefetches}
      elements({here}, LINE{uniforms});
    }}
    elements({here}, count - at{uniforms});
  }}
}}
"""

NORMS_TEMPLATE = """\
  // Sums of squares in float64, within chunks and then in order: the number of threads changes nothing.
  double *parts = squares + {n} * tensors;
  #pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (int64_t k = 0; k < chunks; k++) {{
    int64_t tensor = owner[k], left = size[tensor] - start[k], count = left < CHUNK ? left : CHUNK;
{sums}
  }}
  for (int64_t k = 0; k < chunks; k++)
    for (int j = 0; j < {n}; j++) squares[{n} * owner[k] + j] += parts[{n} * k + j];
"""

SUM_TEMPLATE = """\
    {declaration}
    double sum_{name} = 0;
    #pragma omp simd reduction(+ : sum_{name})
    for (int64_t i = 0; i < count; i++) sum_{name} += (double){value} * (double){value};
    parts[{n} * k + {j}] = sum_{name};"""


def generate_c(
    rule: Callable[..., None],
    scalar_names: Sequence[str],
    constants: dict[str, Any],
    dtypes: Sequence[torch.dtype],
) -> tuple[str, int]:
    """C text for a rule, and how many norms it takes.

    scalar_names: keywords whose numbers come with each step; constants: the other keywords, written into the text;
    dtypes: of p, g and each slot.

    Raises UnsupportedByC for a dtype or an operation without C.
    """
    if unknown := set(dtypes) - set(STORAGE):
        raise UnsupportedByC(f"there is no C for {', '.join(map(str, unknown))}")
    body, names = Body(), list(inspect.signature(rule).parameters)[: len(dtypes)]
    uniform = {name: Element(name, body, uniform=True) for name in scalar_names}
    rule(*(Element(name, body) for name in names), **constants, **uniform)
    number = "double" if torch.float64 in dtypes else "float"
    kind, read, write = zip(*(STORAGE[dtype] for dtype in dtypes))
    const = ["" if name in body.assigned else "const " for name in names]
    tensors, uniforms = range(len(names)), [*scalar_names, *(f"norm_{name}" for name in body.norms)]
    n = len(body.norms)

    def declaration(i: int) -> str:
        return f"{const[i]}{kind[i]} *{names[i]} = ({kind[i]} *)addresses[{i} * tensors + tensor] + start[k];"

    def sum_of_squares(j: int, name: str) -> str:
        i = names.index(name)
        return SUM_TEMPLATE.format(declaration=declaration(i), name=name, value=read[i].format(f"{name}[i]"), n=n, j=j)

    parameters = [f"{const[i]}{kind[i]} *restrict {names[i]}_" for i in tensors]
    statements = [
        *(f"T {names[i]} = {read[i].format(f'{names[i]}_[i]')};" for i in tensors),
        *body.statements,
        *(f"{names[i]}_[i] = {write[i].format(names[i])};" for i in tensors if not const[i]),
    ]
    uniform_values = [
        *(f"const T {name} = (T)scalars[{i}];" for i, name in enumerate(scalar_names)),
        *(f"const T norm_{name} = (T)sqrt(squares[{n} * tensor + {j}]);" for j, name in enumerate(body.norms)),
    ]
    prefetches = [f"__builtin_prefetch({names[i]} + at + AHEAD, {int(not const[i])});" for i in tensors]
    text = FUNCTION_TEMPLATE.format(
        number=number,
        sqrt={"double": "sqrt", "float": "sqrtf"}[number],
        pow={"double": "pow", "float": "powf"}[number],
        chunk=CHUNK,
        parameters=", ".join([*parameters, "int64_t count", *(f"T {name}" for name in uniforms)]),
        body=indent(4, statements),
        norms=NORMS_TEMPLATE.format(n=n, sums="\n".join(sum_of_squares(*each) for each in enumerate(body.norms)))
        if n
        else "",
        declarations=indent(4, [*map(declaration, tensors), *uniform_values]),
        prefetches=indent(6, prefetches),
        here=", ".join(f"{name} + at" for name in names),
        uniforms="".join(f", {name}" for name in uniforms),
    )
    return text, n


def indent(spaces: int, lines: Sequence[str]) -> str:
    return "\n".join(" " * spaces + line for line in lines)
