/* How the two parsers of Windows part command lines. C:\lines.txt holds one a line (UTF-16LE, LF). For each of them
 * C:\shell.txt gets what CommandLineToArgvW makes of it, and C:\runtime.txt what main() of a program gets from the C
 * runtime: the arguments, each with a tab after it, and a LF.
 *
 * A start costs more than a thousand lines do. So the runtime is started on as many lines as a command line holds, with a
 * mark between them: whatever does not end where its line ends swallows a mark, and the lines are too few. */
#include <windows.h>
#include <shellapi.h>
#include <stdio.h>
#include <stdlib.h>

/* Nothing is a pattern of files. */
int _CRT_glob = 0;

static const wchar_t mark[] = L" \x02 ";

static void put(FILE *to, const wchar_t *text) { fwrite(text, 2, wcslen(text), to); }

static int child(int count, wchar_t **arguments) {
    FILE *to = fopen("C:\\runtime.txt", "ab");
    if (!to) return 2;
    for (int at = 0; at < count; at++) {
        int ends = arguments[at][0] == mark[1] && !arguments[at][1];
        if (!ends) put(to, arguments[at]);
        put(to, ends ? L"\n" : L"\t");
    }
    put(to, L"\n");
    return fclose(to) ? 2 : 0;
}

static int start(wchar_t *lines) {
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION started;
    DWORD code = 2;
    wchar_t self[MAX_PATH];
    if (!GetModuleFileNameW(NULL, self, MAX_PATH)) return 2;
    if (!CreateProcessW(self, lines, NULL, NULL, FALSE, 0, NULL, NULL, &startup, &started)) return 2;
    WaitForSingleObject(started.hProcess, INFINITE);
    GetExitCodeProcess(started.hProcess, &code);
    return code;
}

int wmain(int count, wchar_t **arguments) {
    if (GetEnvironmentVariableW(L"ARGV_CHILD", NULL, 0)) return child(count, arguments);
    SetEnvironmentVariableW(L"ARGV_CHILD", L"1");
    FILE *from = fopen("C:\\lines.txt", "rb"), *to = fopen("C:\\shell.txt", "wb");
    if (!from || !to) return 2;
    fseek(from, 0, SEEK_END);
    long length = ftell(from);
    rewind(from);
    wchar_t *text = calloc(length / 2 + 1, 2);
    if (!text || fread(text, 1, length, from) != (size_t)length) return 2;
    static wchar_t batch[32767];
    for (wchar_t *line = text, *end; (end = wcschr(line, L'\n')); line = end + 1) {
        *end = 0;
        int parts;
        wchar_t **part = CommandLineToArgvW(line, &parts);
        for (int at = 0; at < parts; at++) put(to, part[at]), put(to, L"\t");
        put(to, L"\n");
        LocalFree(part);
        if (batch[0] && wcslen(batch) + wcslen(line) + 8 > 32000) {
            if (start(batch)) return 2;
            batch[0] = 0;
        }
        if (batch[0]) wcscat(batch, mark);
        wcscat(batch, line);
    }
    if (batch[0] && start(batch)) return 2;
    return fclose(to) ? 2 : 0;
}
