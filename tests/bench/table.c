/*
 * table.c: the table on standard output and the JSON beside it. Lines are
 * written as soon as they are known.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static FILE *json;
static const char *json_name;
static bool json_in_rows;

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double median_of(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), compare);
	return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static void json_string(const char *s)
{
	fputc('"', json);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			fputc('\\', json);
		if ((unsigned char)*s >= ' ')
			fputc(*s, json);
	}
	fputc('"', json);
}

void table_open(const char *json_path)
{
	json_name = json_path;
	json = fopen(json_path, "we");
	if (!json) {
		perror(json_path);
		exit(1);
	}
	fprintf(json, "{\"machine\": {\"benchmark\": 1");
}

void table_text(const char *key, const char *value)
{
	printf("%-12s %s\n", key, value);
	fprintf(json, ",\n  ");
	json_string(key);
	fputs(": ", json);
	json_string(value);
}

/* Three digits and a unit: 1.42 us. */
static const char *duration(double s, char *buf)
{
	static const char *const units[] = {"s", "ms", "us", "ns"};
	unsigned u = 0;

	while (fabs(s) < 0.9995 && u < 3) {
		s *= 1000;
		u++;
	}
	sprintf(buf, "%.*f %s",
		fabs(s) < 10	? 2
		: fabs(s) < 100 ? 1
				: 0,
		s, units[u]);
	return buf;
}

static const char *ratio(double r, char *buf)
{
	*buf = '\0';
	if (r >= 0)
		sprintf(buf, "%.*f", r < 100 ? 2 : 0, r);
	return buf;
}

void table_group(int row, const char *title)
{
	printf("\n%d. %s\n%-46s %9s %9s %8s %8s %8s %9s\n", row, title, "",
	       "wall", "cpu", "x wall", "x cpu", "x floor", "instr.");
	fflush(stdout);
}

static void json_cost(const char *key, double wall, double cpu)
{
	if (wall < 0 && cpu < 0)
		return;
	fprintf(json, ", \"%s\": {", key);
	if (wall >= 0)
		fprintf(json, "\"wall\": %.9g%s", wall, cpu >= 0 ? ", " : "");
	if (cpu >= 0)
		fprintf(json, "\"cpu\": %.9g", cpu);
	fputc('}', json);
}

static void json_subject(int row, const char *title, const struct subject *s)
{
	fprintf(json, "%s\n  {\"row\": %d, \"group\": ",
		json_in_rows ? "," : "},\n\"rows\": [", row);
	json_in_rows = true;
	json_string(title);
	fputs(", \"name\": ", json);
	json_string(s->name);
	if (s->missing[0]) {
		fputs(", \"missing\": ", json);
		json_string(s->missing);
	}
	if (s->runs) {
		fprintf(json, ", \"runs\": %u", s->runs);
		json_cost("seconds", s->median.wall, s->median.cpu);
		fputs(", \"samples_cpu_or_wall\": [", json);
		for (unsigned i = 0; i < s->runs; i++)
			fprintf(json, "%s%.6g", i ? ", " : "",
				s->sample[i].cpu >= 0 ? s->sample[i].cpu
						      : s->sample[i].wall);
		fputc(']', json);
	}
	json_cost("ratio", s->ratio.wall, s->ratio.cpu);
	json_cost("floor_ratio", s->floor_ratio.wall, s->floor_ratio.cpu);
	if (s->instructions >= 0)
		fprintf(json, ", \"instructions\": %.6g", s->instructions);
	fputc('}', json);
	fflush(json);
}

void table_subject(int row, const char *title, const struct subject *s)
{
	char wall[32] = "", cpu[32] = "", rw[32], rc[32], fl[32], ins[32] = "";
	double above = s->floor_ratio.cpu >= 0 ? s->floor_ratio.cpu
					       : s->floor_ratio.wall;

	json_subject(row, title, s);
	if (s->missing[0]) {
		printf("  %-44s n/a: %s\n", s->name, s->missing);
		fflush(stdout);
		return;
	}
	if (s->runs) {
		if (s->median.wall >= 0)
			duration(s->median.wall, wall);
		if (s->median.cpu >= 0)
			duration(s->median.cpu, cpu);
	}
	if (s->instructions >= 0)
		sprintf(ins, s->instructions < 100 ? "%.1f" : "%.0f",
			s->instructions);
	printf("  %-44s %9s %9s %8s %8s %8s %9s\n", s->name, wall, cpu,
	       ratio(s->ratio.wall, rw), ratio(s->ratio.cpu, rc),
	       ratio(above, fl), ins);
	fflush(stdout);
}

void table_close(void)
{
	fprintf(json, "%s]}\n", json_in_rows ? "" : "},\n\"rows\": [");
	if (fclose(json)) {
		perror(json_name);
		exit(1);
	}
	printf("\nJSON: %s\n", json_name);
}
