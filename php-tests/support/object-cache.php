<?php

/**
 * A persistent object cache for a test site: each entry is a file, so that what one request has cached the next one sees.
 *
 * Copied into wp-content as WordPress' drop-in. Entries of blogs are kept apart unless their group is global.
 */

declare(strict_types=1);

final class WP_Object_Cache
{
    /** @var array<string, array<string, mixed>> what this request has seen, by group */
    private array $seen = array();
    /** @var array<string, true> */
    private array $global = array();
    /** @var array<string, true> */
    private array $forThisRequest = array();
    private string $directory;
    private int $blog;

    public function __construct()
    {
        $this->directory = WP_CONTENT_DIR . '/object-cache';
        is_dir($this->directory) || mkdir($this->directory, 0777, true) || is_dir($this->directory);
        $this->blog = get_current_blog_id();
    }

    public function set(int|string $key, mixed $data, string $group, int $expire): bool
    {
        $data = is_object($data) ? clone $data : $data;
        $this->seen[$this->place($group)][$key] = $data;
        if (isset($this->forThisRequest[$group])) {
            return true;
        }
        $file = $this->file($key, $group);
        // Written aside and renamed, so that whoever reads finds whole entries only.
        file_put_contents("{$file}." . getmypid(), serialize(array(0 === $expire ? PHP_INT_MAX : time() + $expire, $data)));
        return rename("{$file}." . getmypid(), $file);
    }

    public function get(int|string $key, string $group, bool $force, ?bool &$found): mixed
    {
        $place = $this->place($group);
        $found = ! $force && array_key_exists($key, $this->seen[$place] ?? array());
        if (! $found && ! isset($this->forThisRequest[$group])) {
            $entry = @file_get_contents($this->file($key, $group));
            $entry = false === $entry ? null : unserialize($entry);
            if (is_array($entry) && $entry[0] > time()) {
                $found = true;
                $this->seen[$place][$key] = $entry[1];
            }
        }
        $data = $found ? $this->seen[$place][$key] : false;
        return is_object($data) ? clone $data : $data;
    }

    public function delete(int|string $key, string $group): bool
    {
        $this->get($key, $group, false, $found);
        unset($this->seen[$this->place($group)][$key]);
        @unlink($this->file($key, $group));
        return $found;
    }

    public function flush(): bool
    {
        $this->seen = array();
        foreach (glob("{$this->directory}/*") ?: array() as $file) {
            @unlink($file);
        }
        return true;
    }

    public function forgetThisRequest(): void
    {
        $this->seen = array();
    }

    /** @param string|list<string> $groups */
    public function addGlobal(string|array $groups): void
    {
        $this->global += array_fill_keys((array) $groups, true);
    }

    /** @param string|list<string> $groups */
    public function addForThisRequest(string|array $groups): void
    {
        $this->forThisRequest += array_fill_keys((array) $groups, true);
    }

    public function switchTo(int $blog): void
    {
        $this->blog = $blog;
    }

    private function place(string $group): string
    {
        return (isset($this->global[$group]) ? 'all' : $this->blog) . ":{$group}";
    }

    private function file(int|string $key, string $group): string
    {
        return $this->directory . '/' . sha1($this->place($group) . "\0{$key}");
    }
}

function wp_cache_init()
{
    $GLOBALS['wp_object_cache'] = new WP_Object_Cache();
}

function wp_cache_group($group)
{
    return '' === (string) $group ? 'default' : (string) $group;
}

function wp_cache_add($key, $data, $group = '', $expire = 0)
{
    if (wp_suspend_cache_addition()) {
        return false;
    }
    $GLOBALS['wp_object_cache']->get($key, wp_cache_group($group), true, $found);
    return ! $found && wp_cache_set($key, $data, $group, $expire);
}

function wp_cache_replace($key, $data, $group = '', $expire = 0)
{
    $GLOBALS['wp_object_cache']->get($key, wp_cache_group($group), true, $found);
    return $found && wp_cache_set($key, $data, $group, $expire);
}

function wp_cache_set($key, $data, $group = '', $expire = 0)
{
    return $GLOBALS['wp_object_cache']->set($key, $data, wp_cache_group($group), (int) $expire);
}

function wp_cache_get($key, $group = '', $force = false, &$found = null)
{
    return $GLOBALS['wp_object_cache']->get($key, wp_cache_group($group), (bool) $force, $found);
}

function wp_cache_delete($key, $group = '')
{
    return $GLOBALS['wp_object_cache']->delete($key, wp_cache_group($group));
}

function wp_cache_incr($key, $offset = 1, $group = '')
{
    $value = wp_cache_get($key, $group, true, $found);
    $value = max(0, (int) $value + $offset);
    return $found && wp_cache_set($key, $value, $group) ? $value : false;
}

function wp_cache_decr($key, $offset = 1, $group = '')
{
    return wp_cache_incr($key, -$offset, $group);
}

function wp_cache_flush()
{
    return $GLOBALS['wp_object_cache']->flush();
}

function wp_cache_flush_runtime()
{
    $GLOBALS['wp_object_cache']->forgetThisRequest();
    return true;
}

function wp_cache_supports($feature)
{
    return 'flush_runtime' === $feature;
}

function wp_cache_close()
{
    return true;
}

function wp_cache_add_global_groups($groups)
{
    $GLOBALS['wp_object_cache']->addGlobal($groups);
}

function wp_cache_add_non_persistent_groups($groups)
{
    $GLOBALS['wp_object_cache']->addForThisRequest($groups);
}

function wp_cache_switch_to_blog($blog_id)
{
    $GLOBALS['wp_object_cache']->switchTo((int) $blog_id);
}
