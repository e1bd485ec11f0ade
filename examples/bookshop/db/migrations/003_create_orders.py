"""The orders of customers."""

from stepwell import Migration, database


class CreateOrders(Migration):
    """Create orders and their lines"""

    dependencies = ["002"]

    async def up(self) -> None:
        await database.execute(
            """
            CREATE TABLE orders (
                id INTEGER PRIMARY KEY,
                customer VARCHAR(200) NOT NULL,
                ordered_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
            );
            CREATE TABLE order_lines (
                order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
                book_id INTEGER NOT NULL REFERENCES books (id),
                copies INTEGER NOT NULL DEFAULT 1 CHECK (copies > 0),
                PRIMARY KEY (order_id, book_id)
            );
            """
        )

    async def down(self) -> None:
        await database.execute("DROP TABLE order_lines; DROP TABLE orders")
