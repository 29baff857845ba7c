<?php
/**
 * The appointment systems that are there, by name.
 *
 * @package TelemedZoom
 */

declare(strict_types=1);

namespace TelemedZoom\Ledger;

use TelemedZoom\Store\Answer;

defined('ABSPATH') || exit;

final class AppointmentSources
{
    /** @var array<string, AppointmentSource> */
    private array $all;
    private bool $isAsked = false;

    /** @param \Closure(): void $ask has other plugins add theirs; called once, when they are first needed */
    public function __construct(private readonly \Closure $ask)
    {
        $this->all = [ManualSource::NAME => new ManualSource()];
    }

    /** @return bool false: there is one of that name */
    public function add(AppointmentSource $source): bool
    {
        $isNew = !isset($this->all[$source->name()]);
        $this->all += [$source->name() => $source];
        return $isNew;
    }

    /** Null when its plugin is not active: then nobody knows what is wanted, and its rows rest. */
    public function find(string $name): ?AppointmentSource
    {
        return $this->all()[$name] ?? null;
    }

    /** @return list<AppointmentSystem> those that can be asked as a whole */
    public function systems(): array
    {
        return array_values(array_filter($this->all(), static fn(AppointmentSource $source): bool => $source instanceof AppointmentSystem));
    }

    /**
     * What this site can do by itself with an appointment whose doctor leaves.
     *
     * @return list<Answer>
     */
    public function can(string $name, string $appointment): array
    {
        return $this->find($name)?->can($appointment) ?? [];
    }

    /** What people call it. */
    public function title(string $name): string
    {
        $source = $this->find($name);
        return $source instanceof AppointmentSystem ? $source->title() : $name;
    }

    /** @return array<string, AppointmentSource> */
    private function all(): array
    {
        if (!$this->isAsked) {
            $this->isAsked = true;
            ($this->ask)();
        }
        return $this->all;
    }
}
