/* Wrong in every lab: nothing is done at all. */
int main(void)
{
}
