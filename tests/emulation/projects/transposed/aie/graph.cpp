#include "graph.h"

transposed network;

int main()
{
    network.init();
    network.run();  // as long as there are data
    network.end();
    return 0;
}
