/* Sorts numbers from standard input with the C library's qsort, whose comparison is a call through a table, and prints
 * them with their sum as a float: buffered input and output, indirect calls and floating point formatting in one. */
#include <stdio.h>
#include <stdlib.h>

static int compare(const void *left, const void *right) {
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

int main(void) {
    static double numbers[4096];
    size_t count = 0;
    while (count < 4096 && scanf("%lf", &numbers[count]) == 1) count++;
    qsort(numbers, count, sizeof numbers[0], compare);
    double sum = 0;
    for (size_t index = 0; index < count; index++) {
        printf("%g\n", numbers[index]);
        sum += numbers[index];
    }
    printf("sum %.6f\n", sum);
    return 0;
}
