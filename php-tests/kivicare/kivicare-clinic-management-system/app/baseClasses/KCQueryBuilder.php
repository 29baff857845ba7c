<?php
/** The core's query surface. get() is cached for two minutes, first() never, as in 4.3.0. */

declare(strict_types=1);

namespace App\baseClasses;

final class KCQueryBuilder
{
    private const CACHE = 'kivicare_standin';

    /** @var list<string> */
    private array $conditions = ['1=1'];
    private string $tail = '';
    private string $limit = '';
    private bool $cached = true;
    /** Whether delete() fails: see there. */
    private bool $isOfSeveral = false;

    /** @param class-string<KCBaseModel> $model */
    public function __construct(private readonly string $model)
    {
    }

    public function where($property, $operator, $value = null): self
    {
        global $wpdb;
        if (func_num_args() === 2) {
            [$operator, $value] = ['=', $operator];
        }
        if (!in_array($operator, ['=', '!=', '<', '>', '<=', '>='], true)) {
            throw new \InvalidArgumentException("no operator: $operator");
        }
        $this->conditions[] = $wpdb->prepare("`{$this->column($property)}` $operator %s", $value);
        return $this;
    }

    public function whereIn($property, array $values): self
    {
        global $wpdb;
        if ($values === []) {
            $this->conditions[] = '1=0';
            return $this;
        }
        $marks = implode(', ', array_fill(0, count($values), '%s'));
        $this->conditions[] = $wpdb->prepare("`{$this->column($property)}` IN ($marks)", array_values($values));
        $this->isOfSeveral = $this->isOfSeveral || count($values) > 1;
        return $this;
    }

    public function orderBy($property, $direction = 'ASC'): self
    {
        $this->tail = " ORDER BY `{$this->column($property)}` " . (strtoupper($direction) === 'DESC' ? 'DESC' : 'ASC');
        return $this;
    }

    public function limit($number): self
    {
        $this->limit = ' LIMIT ' . (int) $number;
        return $this;
    }

    public function disableCache(): self
    {
        $this->cached = false;
        return $this;
    }

    public function first()
    {
        return $this->rows($this->sql(' LIMIT 1'))[0] ?? null;
    }

    public function get(): KCCollection
    {
        $sql = $this->sql($this->limit);
        $key = md5($sql . wp_cache_get('epoch-' . $this->model, self::CACHE));
        $rows = $this->cached ? wp_cache_get($key, self::CACHE) : false;
        if ($rows === false) {
            $rows = $this->rows($sql);
            wp_cache_set($key, $rows, self::CACHE, 120);
        }
        return new KCCollection($rows);
    }

    public function count(): int
    {
        global $wpdb;
        return (int) $wpdb->get_var('SELECT COUNT(*) ' . $this->from());
    }

    public function pluck($property): KCCollection
    {
        return new KCCollection(array_map(static fn($row) => $row->$property, $this->get()->all()));
    }

    public function update(array $changes)
    {
        global $wpdb;
        $sets = [];
        foreach ($changes as $property => $value) {
            $sets[] = $wpdb->prepare("`{$this->column($property)}` = %s", $value);
        }
        return $wpdb->query("UPDATE `{$this->model::tableName()}` SET " . implode(', ', $sets) . $this->conditions());
    }

    /** The core gives the values of a whereIn() as one to a statement with a mark for each, so that of several it deletes none. */
    public function delete()
    {
        global $wpdb;
        if ($this->isOfSeveral) {
            return 0;
        }
        return $wpdb->query("DELETE FROM `{$this->model::tableName()}`" . $this->conditions());
    }

    private function rows(string $sql): array
    {
        global $wpdb;
        return array_map([$this->model, 'fromRow'], $wpdb->get_results($sql, ARRAY_A));
    }

    private function sql(string $limit): string
    {
        return 'SELECT * ' . $this->from() . $this->tail . $limit;
    }

    private function from(): string
    {
        return "FROM `{$this->model::tableName()}`" . $this->conditions();
    }

    private function conditions(): string
    {
        return ' WHERE ' . implode(' AND ', $this->conditions);
    }

    private function column(string $name): string
    {
        $columns = $this->model::schema()['columns'];
        return $columns[$name]['column'] ?? (in_array($name, array_column($columns, 'column'), true) ? $name : throw new \InvalidArgumentException("no column: $name"));
    }
}
