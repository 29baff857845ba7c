<?php
/** A row as an object: camelCase properties, columns by the schema that a model declares. */

declare(strict_types=1);

namespace App\baseClasses;

#[\AllowDynamicProperties]
abstract class KCBaseModel
{
    /** @return array<string, mixed> */
    abstract protected static function initSchema(): array;

    /** @return array<string, mixed> */
    final public static function schema(): array
    {
        return static::initSchema();
    }

    public static function query(): KCQueryBuilder
    {
        return new KCQueryBuilder(static::class);
    }

    public static function find($id): ?static
    {
        return static::query()->where(static::schema()['primary_key'], $id)->first();
    }

    /** @return int the new id, 0 on failure */
    public static function create(array $data)
    {
        $model = new static();
        foreach ($data as $property => $value) {
            $model->$property = $value;
        }
        return $model->save();
    }

    public static function fromRow(array $row): static
    {
        $model = new static();
        foreach (static::schema()['columns'] as $property => $column) {
            if (array_key_exists($column['column'], $row)) {
                $value = $row[$column['column']];
                $model->$property = $value !== null && in_array($column['type'], ['int', 'bigint'], true) ? (int) $value : $value;
            }
        }
        return $model;
    }

    public static function tableName(): string
    {
        global $wpdb;
        return $wpdb->prefix . static::schema()['table_name'];
    }

    public function save()
    {
        global $wpdb;
        $schema = static::schema();
        $row = [];
        foreach ($schema['columns'] as $property => $column) {
            $value = $this->$property ?? null;
            if (!empty($column['auto_increment'])) {
                continue;
            }
            if ($value === null && empty($column['nullable']) && !array_key_exists('default', $column)) {
                throw new \InvalidArgumentException("$property is missing");
            }
            if ($value !== null || !array_key_exists('default', $column)) {
                $row[$column['column']] = $value;
            }
        }
        if (!empty($schema['timestamps'])) {
            $row['created_at'] ??= current_time('mysql');
            $row['updated_at'] = current_time('mysql');
        }
        $key = $schema['primary_key'];
        if (!empty($this->$key)) {
            return $wpdb->update(static::tableName(), $row, [$schema['columns'][$key]['column'] => $this->$key]) === false ? 0 : (int) $this->$key;
        }
        if (!$wpdb->insert(static::tableName(), $row)) {
            return 0;
        }
        return $this->$key = (int) $wpdb->insert_id;
    }

    public function update(array $data)
    {
        foreach ($data as $property => $value) {
            $this->$property = $value;
        }
        return $this->save();
    }

    public function delete(): bool
    {
        $key = static::schema()['primary_key'];
        return static::query()->where($key, $this->$key)->delete() > 0;
    }

    public function toArray(): array
    {
        $row = [];
        foreach (array_keys(static::schema()['columns']) as $property) {
            $row[$property] = $this->$property ?? null;
        }
        return $row;
    }

    public static function flushCache(): void
    {
        wp_cache_set('epoch-' . static::class, microtime(), 'kivicare_standin');
    }
}
