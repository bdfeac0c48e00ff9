/* Stands where a .cmd file looks for a program: writes down its command line as it was given (C:\record.txt, UTF-16LE, LF),
 * and ends with the code that it is told by RECORD_CODE. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

int wmain(void) {
    FILE *to = fopen("C:\\record.txt", "ab");
    const wchar_t *line = GetCommandLineW(), *code = _wgetenv(L"RECORD_CODE");
    if (!to) return 2;
    fwrite(line, 2, wcslen(line), to);
    fwrite(L"\n", 2, 1, to);
    if (fclose(to)) return 2;
    return code ? _wtoi(code) : 0;
}
