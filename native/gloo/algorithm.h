// Declarations in place of gloo's headers, which libtorch's wheel leaves out: of what c10d's header names, and no more.
// gloo itself is inside libtorch. Only names and what is called through pointers count here; nothing of it is made.
#pragma once
