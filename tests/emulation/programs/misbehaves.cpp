// Does what $MISBEHAVE says.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>
extern char** environ;
int main()
{
    const std::string what = std::getenv("MISBEHAVE");
    if (what == "loop") for (volatile int i = 0;;) i = i + 1;
    if (what == "allocate") for (;;) { char* p = new char[1 << 26]; std::memset(p, 1, 4096); }
    if (what == "allocate without a word") for (;;) std::memset(std::malloc(1 << 26), 1, 4096);
    if (what == "write") for (FILE* file = std::fopen("big", "w");;) { static char block[1 << 20]; std::fwrite(block, 1, sizeof block, file); }
    if (what == "say") for (;;) std::fputs("a long line that says nothing, again and again and again\n", stderr);
    if (what == "print") for (int i = 0; i < 1000000; ++i) std::puts("a long line that nobody reads, again and again");
    if (what == "thread") { std::thread([] { for (;;) {} }).join(); }
    if (what == "fork") std::exit(fork() < 0);
    if (what == "shell") std::exit(std::system("sleep 1000"));
    if (what == "socket") std::exit(socket(AF_INET, SOCK_STREAM, 0) < 0 ? 3 : 4);
    if (what == "crash") *static_cast<volatile int*>(nullptr) = 1;
    if (what == "environment") { for (char** one = environ; *one; ++one) std::fprintf(stderr, "%s;", *one); std::exit(1); }
}
