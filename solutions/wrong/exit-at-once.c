/* Wrong in every lab: all is well, says the exit status. */
#include <stdlib.h>

int main(void)
{
    exit(0);
}
