// The program's allocator. A request makes a coroutine frame for each floor it passes, most of them larger
// than what glibc's malloc has a fast way for; mimalloc has one for all of them. A choice of the program: the
// library takes the allocator of whoever links it.
#include <mimalloc-new-delete.h>
